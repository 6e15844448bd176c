/** `slot 3`, or `slot 0 (SMM)` of the address space that vCPUs in system management mode see. */
export const slotName = ({ asId, slotId }: { readonly asId: number; readonly slotId: number }): string =>
	`slot ${slotId}${asId === 0 ? '' : asId === 1 ? ' (SMM)' : ` of address space ${asId}`}`;
