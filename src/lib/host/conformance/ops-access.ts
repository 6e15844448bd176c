import {
	X86EMUL_CMPXCHG_FAILED,
	X86EMUL_CONTINUE,
	X86EMUL_IO_NEEDED,
	X86EMUL_RETRY_INSTR
} from '../emul-result.ts';
import { emulatorReadEmulated, emulatorWriteEmulated, kvmFetchGuestVirt } from '../emulator.ts';
import { emulatorCmpxchgEmulated } from '../emulator-cmpxchg.ts';
import {
	kvmPageTrackPreexec,
	kvmPageTrackPreread,
	kvmPageTrackPrewrite,
	kvmPageTrackWrite
} from '../fan-out.ts';
import { kvmVcpuReadGuest, kvmVcpuWriteGuest } from '../guest-access.ts';
import type { KvmVcpu } from '../kvm.ts';
import { num, str } from './args.ts';
import type { OpHandler } from './driver.ts';
import { bytesToHex, hexToBytes } from './hex.ts';
import type { Json } from './vector.ts';

const RESULTS: Readonly<Record<number, string>> = {
	[X86EMUL_CONTINUE]: 'continue',
	[X86EMUL_RETRY_INSTR]: 'retry',
	[X86EMUL_CMPXCHG_FAILED]: 'cmpxchg_failed',
	[X86EMUL_IO_NEEDED]: 'io_needed'
};

const result = (rc: number): string => RESULTS[rc] ?? `unexpected ${rc}`;

/** Guest bytes, or null if some of them have no memory. */
function memory(vcpu: KvmVcpu, gpa: number, bytes: number): Json {
	const out = new Uint8Array(bytes);
	return kvmVcpuReadGuest(vcpu, gpa, out, bytes) < 0 ? null : bytesToHex(out);
}

const mmio = (vcpu: KvmVcpu): Json => vcpu.mmioFragments.map(({ gpa, bytes }) => [gpa, bytes]);

const preread: OpHandler = ({ kvm }, input) => {
	const buf = hexToBytes(str(input, 'buf'));
	const ready = { dataReady: true };
	const vcpu = kvm.vcpu(num(input, 'vcpu'));
	const ret = kvmPageTrackPreread(vcpu, num(input, 'gpa'), buf, num(input, 'bytes'), ready);
	return { out: { ret, data_ready: ready.dataReady, buf: bytesToHex(buf) } };
};

const prewrite: OpHandler = ({ kvm }, input) => {
	const data = hexToBytes(str(input, 'data'));
	const ret = kvmPageTrackPrewrite(kvm.vcpu(num(input, 'vcpu')), num(input, 'gpa'), data, data.length);
	return { out: { ret } };
};

const write: OpHandler = ({ kvm }, input) => {
	const data = hexToBytes(str(input, 'data'));
	kvmPageTrackWrite(kvm.vcpu(num(input, 'vcpu')), num(input, 'gpa'), data, data.length);
	return {};
};

const preexec: OpHandler = ({ kvm }, input) => ({
	out: { ret: kvmPageTrackPreexec(kvm.vcpu(num(input, 'vcpu')), num(input, 'gpa')) }
});

const poke: OpHandler = ({ kvm }, input) => {
	const data = hexToBytes(str(input, 'data'));
	return {
		out: { ret: kvmVcpuWriteGuest(kvm.vcpu(num(input, 'vcpu')), num(input, 'gpa'), data, data.length) }
	};
};

const emuWrite: OpHandler = ({ kvm }, input) => {
	const data = hexToBytes(str(input, 'data'));
	const vcpu = kvm.vcpu(num(input, 'vcpu'));
	const gpa = num(input, 'gpa');
	const ret = result(emulatorWriteEmulated(vcpu, gpa, data, data.length));
	return { out: { ret, mem: memory(vcpu, gpa, data.length), mmio: mmio(vcpu) } };
};

const emuRead: OpHandler = ({ kvm }, input) => {
	const buf = new Uint8Array(num(input, 'bytes'));
	const vcpu = kvm.vcpu(num(input, 'vcpu'));
	const ret = result(emulatorReadEmulated(vcpu, num(input, 'gpa'), buf, buf.length));
	return { out: { ret, data: bytesToHex(buf), mmio: mmio(vcpu) } };
};

const emuFetch: OpHandler = ({ kvm }, input) => {
	const buf = new Uint8Array(num(input, 'bytes'));
	const rc = kvmFetchGuestVirt(kvm.vcpu(num(input, 'vcpu')), num(input, 'gpa'), buf, buf.length);
	return { out: { ret: result(rc), data: bytesToHex(buf) } };
};

const emuCmpxchg: OpHandler = ({ kvm }, input) => {
	const values = { old: hexToBytes(str(input, 'old')), new: hexToBytes(str(input, 'new')) };
	const vcpu = kvm.vcpu(num(input, 'vcpu'));
	const gpa = num(input, 'gpa');
	const { rc, leakedPageRefs } = emulatorCmpxchgEmulated(vcpu, gpa, values);
	const mem = memory(vcpu, gpa, values.new.length);
	return { out: { ret: result(rc), mem, mmio: mmio(vcpu), leaked_page_refs: leakedPageRefs } };
};

/** Notifications and emulated accesses. */
export const accessOps: Readonly<Record<string, OpHandler>> = {
	preread,
	prewrite,
	write,
	preexec,
	poke,
	emu_write: emuWrite,
	emu_read: emuRead,
	emu_fetch: emuFetch,
	emu_cmpxchg: emuCmpxchg
};
