import type { JsonObject } from '#lib/domain/events.ts';
import { FAULT_CODES, type FaultCode } from '#lib/domain/fault-code.ts';
import type { EntryFormat } from '#lib/domain/spte-bits.ts';

/** How a session's hardware words are read, and why; `why` is a clause without a full stop. */
export interface Reading<T> {
	readonly as: T;
	readonly why: string;
}

const faultCodeOf = (value: unknown): FaultCode | undefined => FAULT_CODES.find((each) => each === value);

/** What error codes are called. */
const FAULT_CODE_TEXT: Readonly<Record<FaultCode, string>> = {
	pferr: 'KVM’s PFERR code (AMD, or shadow paging)',
	ept: 'Intel’s EPT exit qualification',
	esr: 'arm64’s ESR_EL2'
};

/** How a page fault's code is read, and by what name. */
export interface FaultReading extends Reading<FaultCode> {
	readonly name: string;
	/** True if the code is KVM's own but made from an EPT violation, whose bit 2 says “read”, not “user”. */
	readonly fromEpt: boolean;
}

const SIMULATED: FaultReading = {
	...{ as: 'pferr', name: 'KVM’s PFERR code', fromEpt: true },
	why: 'the simulated host has EPT and makes the code from the violation, as KVM does on Intel'
};

/** How a page fault's code is read: as the event says, else as its session says or assumes. */
export function faultReading(event: JsonObject, session: JsonObject): FaultReading {
	const said = codeReading(event, session);
	return said ? { ...said, name: FAULT_CODE_TEXT[said.as], fromEpt: false } : SIMULATED;
}

/** Null if neither says it and the simulated host made the code. */
function codeReading(event: JsonObject, session: JsonObject): Reading<FaultCode> | null {
	const own = faultCodeOf(event.fault_code);
	if (own) return { as: own, why: 'this event says so' };
	const stored = faultCodeOf(session.fault_code);
	if (!stored && session.source === 'simulated-host') return null;
	if (!stored) return { as: 'pferr', why: 'the session does not say what its codes mean' };
	if (session.vendor_assumed === true)
		return { as: stored, why: 'assumed: the trace does not name the vendor' };
	const vendor = typeof session.vendor === 'string' ? `, vendor ${session.vendor}` : '';
	return { as: stored, why: `the session says so${vendor}` };
}

/** Whose format a page-table entry has; null where this version knows no format (arm64). */
export function entryReading(session: JsonObject): Reading<EntryFormat> | null {
	const { vendor, fault_code } = session;
	if (vendor === 'arm64' || fault_code === 'esr') return null;
	const assumed = session.vendor_assumed === true ? ', as the session assumes' : ', as the session says';
	if (vendor === 'amd') return { as: 'npt', why: `AMD${assumed}` };
	if (vendor === 'intel' || fault_code === 'ept') return { as: 'ept', why: `Intel${assumed}` };
	if (session.source === 'simulated-host') return { as: 'ept', why: 'the simulated host has EPT' };
	return { as: 'ept', why: 'assumed: the session does not name the vendor' };
}
