/* The little that must be known of x86 instructions. */
#ifndef PAGETRACK_X86_H
#define PAGETRACK_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does it read and write memory as one access: a LOCK prefix, or XCHG, which locks by itself? */
bool x86_is_locked(const uint8_t *code, size_t size);

/*
 * The number 0..255 of a mark, -1 for any other instruction.  A mark is the
 * no-op NOPL 0x505400NN(%rax), bytes 0f 1f 80 NN 00 54 50, which no compiler
 * makes by itself; in 16-bit code a prefix 67 stands before it.
 */
int x86_mark(const uint8_t *code, size_t size);

#endif
