#!/bin/bash
# What the plugin costs: boots the guest of guest/make-guest.sh (one vCPU, powers off after the boot) under plain TCG and
# under captures, and prints wall and CPU seconds, instructions and events of each. CPU seconds are those of QEMU and
# pagetrail together; they hardly depend on what else the machine does.
#
#   measure.sh GUEST-FOLDER [PAGETRAIL-COMMAND...]
set -eu
guest=${1:?folder of guest/make-guest.sh is missing}
shift
pagetrail=("${@:-pagetrail}")
qemu=(qemu-system-x86_64 -m 256 -smp 1 -net none -display none -no-reboot -serial none -monitor none
	-kernel "$guest/vmlinuz" -initrd "$guest/initrd.gz" -append "quiet panic=-1 nokaslr work=boot")
lines=$(mktemp)
times=$(mktemp)
trap 'rm -f "$lines" "$times"' EXIT
TIMEFORMAT='%R %U %S'

# report NAME: seconds from $times, counts from the last line of $lines
report() {
	read -r wall user system <"$times"
	awk -v name="$1" -v wall="$wall" -v cpu="$user" -v system_s="$system" -v last="$(tail -n 1 "$lines")" '
		function of(key) { return match(last, "\"" key "\":[0-9]+") ? substr(last, RSTART + length(key) + 3, RLENGTH - length(key) - 3) : 0 }
		BEGIN {
			events = of("preread") + of("prewrite") + of("write") + of("preexec")
			printf "%-34s %8.1f %8.1f %8.2f %11d %10.0f\n", name, wall, cpu + system_s, of("insns") / 1e9, events, events / wall
		}'
}

capture() {
	local name=$1
	shift
	{ time "${pagetrail[@]}" capture qemu -o "$lines" "$@" -- "${qemu[@]}" 2>/dev/null; } 2>"$times"
	report "$name"
}

printf '%-34s %8s %8s %8s %11s %10s\n' run 'wall s' 'CPU s' 'G insns' events events/s
{ time "${qemu[@]}" 2>/dev/null; } 2>"$times"
report 'plain TCG'
capture 'fetches of one page' --track preexec:gfn:0+1
capture 'writes of one page' --track write:gfn:0+1
capture 'kernel image, epoch 20 M' --track prewrite,write,preexec:0x1000000-0x1ffffff
capture 'everything, epoch 20 M'
capture 'everything, epoch 1 M' --epoch 1000000
