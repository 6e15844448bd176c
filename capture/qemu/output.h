/*
 * The lines that go out.  One lock covers the clock reading, the change of
 * epoch and the writing, so the order of lines is the order of notification
 * and times never decrease.  Hold it around everything declared here but
 * out_lock itself.
 */
#ifndef PAGETRACK_OUTPUT_H
#define PAGETRACK_OUTPUT_H

#include <stdint.h>

void out_lock(void);
void out_unlock(void);

/* Lines go to this descriptor from now on. */
void out_open(int fd);

/* No line after this one: vCPUs may still run while QEMU ends. */
void out_close(void);

/* Begins a line at time t, of a vCPU unless vcpu < 0; fields follow, then line_end(). */
void line_begin(uint64_t t, int vcpu, const char *kind);
void line_end(void);

void field_number(const char *key, uint64_t value); /* "key":12 */
void field_hex(const char *key, uint64_t value);    /* "key":"0xc" */
void field_text(const char *key, const char *text); /* "key":"escaped" */

/* Writes what is buffered.  A slow reader blocks it, and the guest with it: nothing is dropped. */
void out_flush(void);

#endif
