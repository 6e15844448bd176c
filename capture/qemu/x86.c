#include "x86.h"

#include <string.h>

/* Prefixes that may stand before LOCK or the opcode: sizes, segments, REP. */
static bool is_prefix(uint8_t byte)
{
    return memchr("\x66\x67\xf2\xf3\x2e\x36\x3e\x26\x64\x65", byte, 10) != NULL;
}

/* A REX prefix (40..4f) in 64-bit code; in 16- and 32-bit code an instruction of one byte by itself. */
static bool is_rex(uint8_t byte) { return byte >> 4 == 4; }

bool x86_is_locked(const uint8_t *code, size_t size)
{
    size_t i = 0;

    while (i + 1 < size && (is_prefix(code[i]) || is_rex(code[i])))
        i++;
    if (code[i] == 0xf0)
        return true;
    bool xchg = (code[i] & 0xfe) == 0x86;
    return xchg && i + 1 < size;
}

int x86_mark(const uint8_t *code, size_t size)
{
    static const uint8_t mark[] = { 0x0f, 0x1f, 0x80, 0, 0x00, 0x54, 0x50 };

    if (size == sizeof mark + 1 && *code == 0x67) /* 32-bit addressing in 16-bit code */
        code++, size--;
    if (size != sizeof mark || memcmp(code, mark, 3) || memcmp(code + 4, mark + 4, 3))
        return -1;
    return code[3];
}
