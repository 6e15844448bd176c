/** Assembles boot sectors for tests: bytes by hand, labels and distances by this file. Real mode, origin 0x7c00. */
const ORIGIN = 0x7c00;

/** Bytes of an instruction, written as the assembler's listing would: `fa`, `a0 23 51`. */
const bytesOf = (text: string): number[] => text.split(' ').map((byte) => parseInt(byte, 16));

/** A mark of the plugin: `nopl 0x505400NN(%eax)`; 67 asks for 32-bit addressing. */
export const mark = (n: number): string => `67 0f 1f 80 ${n.toString(16).padStart(2, '0')} 00 54 50`;

/** A boot sector that begins by setting all segments to 0 and the stack to 0x5f00, with interrupts off. */
export class BootSector {
	readonly #code = bytesOf('fa 31 c0 8e d8 8e c0 8e d0 bc 00 5f'); // cli; xor ax,ax; mov ds,ax; es; ss; mov sp,0x5f00

	/** Address of the next instruction, which is also what a notification's `ip` will be. */
	get here(): number {
		return ORIGIN + this.#code.length;
	}

	/** Appends instructions; returns the address of the first. */
	add(...instructions: string[]): number {
		const at = this.here;
		for (const each of instructions) this.#code.push(...bytesOf(each));
		return at;
	}

	/** Appends `call target` (16 bits, relative to the next instruction); returns its address. */
	call(target: number): number {
		const distance = (target - (this.here + 3)) & 0xffff;
		return this.add(`e8 ${(distance & 255).toString(16)} ${(distance >> 8).toString(16)}`);
	}

	/** Powers the machine off through ACPI: value 0x2000 to port 0x604, where SeaBIOS puts it on machine pc. */
	powerOff(): void {
		this.add('ba 04 06', 'b8 00 20', 'ef'); // mov dx,0x604; mov ax,0x2000; out dx,ax
		this.add('f4', 'eb fd'); // hlt; jmp back to it
	}

	/** A disk image: one sector with the signature, padded to 64 KiB. */
	image(): Uint8Array {
		if (this.#code.length > 510) throw new RangeError('the code does not fit into a sector');
		const disk = new Uint8Array(65_536);
		disk.set(this.#code);
		disk.set([0x55, 0xaa], 510);
		return disk;
	}
}
