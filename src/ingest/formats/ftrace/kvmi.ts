import { modesOf, rightsOf, setAccess } from '../kvmi-access.ts';
import type { Handler } from './context.ts';
import { asPage, asPlace, asVcpu, hexWord } from './fields.ts';

const SET = /^gfn (?:0x)?([\da-f]+) ([r-][w-][x-]) write bitmap (?:0x)?[\da-f]+ slot \d+\s*$/;
const SEND =
	/^vcpu (\d+) gpa (?:0x)?([\da-f]+) ([r-][w-][x-]) gva (?:0x)?([\da-f]+) rip (?:0x)?([\da-f]+)\s*$/;

/** `kvmi_set_gfn_access` (include/trace/events/kvmi.h of the KVMI series). */
export const kvmiSetGfnAccess: Handler = ({ body, tsNs }, context) => {
	const found = SET.exec(body);
	if (!found) return null;
	const wanted = rightsOf(found[2] ?? '') ?? 0;
	const events = setAccess(context.rights, tsNs, asPage(hexWord(found[1] ?? '')), wanted);
	if (!Array.isArray(events)) return events;
	for (const event of events) context.emit(event);
	return 'event';
};

/** `kvmi_event_pf_send`: the introspection tool is told of an access; KVMI hears of it by these notifications. */
export const kvmiEventPfSend: Handler = ({ body, tsNs, thread }, context) => {
	const found = SEND.exec(body);
	if (!found) return null;
	const [, vcpu = '', gpa = '', access = '', gva = '', rip = ''] = found;
	const modes = modesOf(rightsOf(access) ?? 0);
	if (modes.length === 0) return null;
	const place = asPlace(hexWord(gpa));
	const vcpuId = asVcpu(vcpu);
	const words = { gva: hexWord(gva), rip: hexWord(rip) };
	context.runs(thread, vcpuId, tsNs);
	for (const kind of modes) context.emit({ kind, tsNs, vcpuId, ...place, ...words });
	return 'event';
};
