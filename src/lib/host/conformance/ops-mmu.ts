import { kvmMmuPageTrackAcc } from '../track-access.ts';
import { gpaToGfn } from '../guest-access.ts';
import { kvmMmuPageFault, nestedPageBypass, pageFaultHandlePageTrack } from '../page-fault.ts';
import { lower32Bits } from '../pferr.ts';
import { setSpte } from '../set-spte.ts';
import { kvmMmuGetPage, kvmMmuPrepareZapPage, mmuNeedWriteProtect } from '../shadow-page.ts';
import { isMmioSpte, parseSpte, Spte, spteHex } from '../spte.ts';
import { spteExecProtect, spteReadProtect, spteWriteProtect } from '../spte-update.ts';
import { bool, num, str, VectorArgError } from './args.ts';
import type { OpHandler, VectorDriver } from './driver.ts';
import type { JsonObject } from './vector.ts';

const vcpuOf = ({ kvm }: VectorDriver, input: JsonObject) => kvm.vcpu(num(input, 'vcpu'));

/** An entry outside any table. */
function looseSpte(level: number, gfn: number, text: string): Spte {
	return Object.assign(new Spte(0, level, gfn), parseSpte(text));
}

const trackAccess: OpHandler = (driver, input) => ({
	out: { ret: kvmMmuPageTrackAcc(vcpuOf(driver, input), num(input, 'gfn')) }
});

const needWriteProtect: OpHandler = (driver, input) => ({
	out: { ret: mmuNeedWriteProtect(vcpuOf(driver, input), num(input, 'gfn'), bool(input, 'can_unsync')) }
});

const handlePageTrack: OpHandler = (driver, input) => {
	const error = lower32Bits(num(input, 'error_code'));
	return { out: { ret: pageFaultHandlePageTrack(vcpuOf(driver, input), error, num(input, 'gfn')) } };
};

const nestedUnprotect: OpHandler = (driver, input) => ({
	out: { ret: nestedPageBypass(vcpuOf(driver, input), num(input, 'gpa'), num(input, 'error_code')) }
});

const shadowPageCreate: OpHandler = (driver, input) => {
	const gfn = num(input, 'gfn');
	const page = kvmMmuGetPage(vcpuOf(driver, input), gfn, num(input, 'level'));
	driver.pages.set(num(input, 'id'), page);
	return { out: { indirect_shadow_pages: driver.kvm.indirectShadowPages }, gfns: [gfn] };
};

const shadowPageZap: OpHandler = (driver, input) => {
	const page = driver.pages.get(num(input, 'id'));
	if (!page) throw new VectorArgError('in.id is no shadow page');
	kvmMmuPrepareZapPage(driver.kvm, page);
	return { out: { indirect_shadow_pages: driver.kvm.indirectShadowPages } };
};

const fault: OpHandler = (driver, input) => {
	const gpa = num(input, 'gpa');
	const { noReexecute, ...result } = kvmMmuPageFault(vcpuOf(driver, input), gpa, num(input, 'error_code'), {
		hostLevel: num(input, 'host_level'),
		hostWritable: bool(input, 'host_writable'),
		prefault: bool(input, 'prefault')
	});
	void noReexecute;
	return {
		out: { ...result, indirect_shadow_pages: driver.kvm.indirectShadowPages },
		gfns: [gpaToGfn(gpa)]
	};
};

const spteProtect: OpHandler = ({ kvm }, input) => {
	const spte = looseSpte(1, 0, str(input, 'spte'));
	const kind = str(input, 'kind');
	let ret: boolean;
	if (kind === 'write' || kind === 'write-dirty-log') ret = spteWriteProtect(kvm, spte, kind === 'write');
	else if (kind === 'read') ret = spteReadProtect(kvm, spte);
	else if (kind === 'exec') ret = spteExecProtect(kvm, spte);
	else throw new VectorArgError(`in.kind is ${kind}`);
	return { out: { ret, spte: spteHex(spte.lo, spte.hi) }, ownSpte: true };
};

const setSpteOp: OpHandler = (driver, input) => {
	const level = num(input, 'level');
	const gfn = num(input, 'gfn');
	const spte = looseSpte(level, gfn, str(input, 'old'));
	const { writeProtected, flush } = setSpte(vcpuOf(driver, input), spte, {
		acc: num(input, 'acc'),
		level,
		gfn,
		pfn: num(input, 'pfn'),
		speculative: bool(input, 'speculative'),
		canUnsync: bool(input, 'can_unsync'),
		hostWritable: bool(input, 'host_writable')
	});
	const mmio_like = isMmioSpte(driver.kvm.masks, spte.lo, spte.hi);
	return {
		out: { ret: { write_protected: writeProtected, flush }, spte: spteHex(spte.lo, spte.hi), mmio_like },
		ownSpte: true
	};
};

/** Operations on entries, faults and shadow pages. */
export const mmuOps: Readonly<Record<string, OpHandler>> = {
	track_access: trackAccess,
	need_write_protect: needWriteProtect,
	handle_page_track: handlePageTrack,
	nested_unprotect: nestedUnprotect,
	shadow_page_create: shadowPageCreate,
	shadow_page_zap: shadowPageZap,
	fault,
	spte_protect: spteProtect,
	set_spte: setSpteOp
};
