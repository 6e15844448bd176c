/*
 * What the launcher says on the socket, one command a line:
 *
 *   ram GPA SIZE KEY HVA                      a range of the next layout (layout.h)
 *   commit                                    the ranges since the last commit are the layout
 *   create_slot ID GPA NPAGES FLAGS NAME      a memory slot appears: becomes a line
 *   flush_slot ID GPA NPAGES FLAGS NAME       a memory slot goes: becomes a line
 *   mark N NAME                               the name of mark N
 *
 * Numbers are decimal or 0x...; a name goes to the line's end.
 */
#ifndef PAGETRACK_COMMANDS_H
#define PAGETRACK_COMMANDS_H

#include <stdbool.h>

#define N_MARKS 256

/*
 * Starts the thread that reads commands from fd, and that writes out what is
 * buffered at least every 50 ms, so that a reader can follow a quiet guest.
 */
bool commands_start(int fd);

/* Name of a mark; "mark N" if the launcher gave none.  Hold the output's lock. */
const char *mark_name(unsigned n);

#endif
