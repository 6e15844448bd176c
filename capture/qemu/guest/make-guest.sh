#!/bin/sh
# Makes a small Linux guest in FOLDER (default: guest): vmlinuz, Debian's kernel, and initrd.gz, busybox with the
# workloads of work.c. Needs Debian's gcc, libc6-dev, cpio and apt-get; installs nothing, needs no root.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-guest}
mkdir -p "$out"
out=$(cd "$out" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Unpacks a Debian package into FOLDER.
fetch() {
	(cd "$scratch" && apt-get download "$1" >/dev/null && dpkg-deb -x "$1"_*.deb "$2" && rm "$1"_*.deb)
}

kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
fetch "$kernel" "$scratch/kernel"
cp "$scratch/kernel/boot/vmlinuz-"* "$out/vmlinuz"
fetch busybox-static "$scratch/busybox"

mkdir -p "$scratch/root/bin" "$scratch/root/dev" "$scratch/root/proc" "$scratch/root/tmp"
cp "$scratch/busybox/bin/busybox" "$scratch/root/bin/busybox"
${CC:-cc} -O1 -static -pthread -Wall -Wextra -o "$scratch/root/bin/work" "$here/work.c"
install -m 755 "$here/init" "$scratch/root/init"
(cd "$scratch/root" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -9) >"$out/initrd.gz"
echo "$out/vmlinuz ($kernel) and $out/initrd.gz are ready"
