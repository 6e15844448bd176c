import { blob, index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** One recorded run of one VM. `summary` is a projection: JSON of `Summary`. */
export const sessions = sqliteTable('sessions', {
	id: integer().primaryKey({ autoIncrement: true }),
	slug: text().notNull().unique(),
	name: text().notNull(),
	createdMs: integer('created_ms').notNull(),
	nextSeq: integer('next_seq').notNull().default(0),
	summary: text().notNull(),
	/** JSON of string[]. */
	tags: text().notNull().default('[]'),
	/** When it was hidden; null while it shows. */
	hiddenMs: integer('hidden_ms')
});

const session = () =>
	integer('session_id')
		.notNull()
		.references(() => sessions.id, { onDelete: 'cascade' });

/** What a session was loaded from and how far; `diagnostics` is JSON of DiagnosticInfo[]. */
export const sources = sqliteTable(
	'sources',
	{
		id: integer().primaryKey(),
		sessionId: session(),
		head: text().notNull(),
		name: text().notNull(),
		format: text().notNull(),
		byte: integer().notNull().default(0),
		line: integer().notNull().default(0),
		digest: text().notNull().default(''),
		complete: integer({ mode: 'boolean' }).notNull().default(false),
		diagnostics: text().notNull().default('[]')
	},
	(table) => [index('sources_head').on(table.head), index('sources_session').on(table.sessionId)]
);

/** Zone map of a segment; ids are never used twice. `constants` is JSON: column id → value of all its events. */
export const segments = sqliteTable(
	'segments',
	{
		id: integer().primaryKey({ autoIncrement: true }),
		sessionId: session(),
		firstSeq: integer('first_seq').notNull(),
		count: integer().notNull(),
		minNs: integer('min_ns').notNull(),
		maxNs: integer('max_ns').notNull(),
		minGfn: integer('min_gfn').notNull(),
		maxGfn: integer('max_gfn').notNull(),
		kinds: integer().notNull(),
		lanes: integer().notNull(),
		bytes: integer().notNull(),
		constants: text().notNull()
	},
	(table) => [index('segments_session').on(table.sessionId, table.firstSeq)]
);

/** One compressed column; `id` = segment id * 32 + column id. */
export const segmentColumns = sqliteTable('segment_columns', {
	id: integer().primaryKey(),
	data: blob({ mode: 'buffer' }).notNull()
});

/** Projection: memslots from creation to deletion. */
export const memslots = sqliteTable(
	'memslots',
	{
		sessionId: session(),
		createdSeq: integer('created_seq').notNull(),
		createdNs: integer('created_ns').notNull(),
		asId: integer('as_id').notNull(),
		slotId: integer('slot_id').notNull(),
		baseGfn: integer('base_gfn').notNull(),
		npages: integer().notNull(),
		flags: integer().notNull(),
		name: text(),
		lane: integer().notNull(),
		deletedSeq: integer('deleted_seq'),
		deletedNs: integer('deleted_ns')
	},
	(table) => [primaryKey({ columns: [table.sessionId, table.createdSeq] })]
);

/** Projection: marks (`name`) and losses (`startNs`, `count`, `vcpu`), by seq. */
export const moments = sqliteTable(
	'moments',
	{
		sessionId: session(),
		seq: integer().notNull(),
		kind: text({ enum: ['mark', 'loss'] }).notNull(),
		tsNs: integer('ts_ns').notNull(),
		name: text(),
		startNs: integer('start_ns'),
		count: integer(),
		vcpu: integer()
	},
	(table) => [primaryKey({ columns: [table.sessionId, table.seq] })]
);

/** Projection: the tracking state right before event `seq`, zstd of formatState's text. */
export const snapshots = sqliteTable(
	'snapshots',
	{ sessionId: session(), seq: integer().notNull(), data: blob({ mode: 'buffer' }).notNull() },
	(table) => [primaryKey({ columns: [table.sessionId, table.seq] })]
);

/** Projection: access counts of a lane, 256 time buckets of 2^shift ns a tile. */
export const heatTiles = sqliteTable(
	'heat_tiles',
	{
		sessionId: session(),
		lane: integer().notNull(),
		shift: integer().notNull(),
		tile: integer().notNull(),
		data: blob({ mode: 'buffer' }).notNull()
	},
	(table) => [primaryKey({ columns: [table.sessionId, table.lane, table.shift, table.tile] })]
);

/** The session's notes stream: `data` is JSON of a NoteEvent, numbered from 0. Rows are only added. */
export const noteEvents = sqliteTable(
	'note_events',
	{ sessionId: session(), n: integer().notNull(), data: text().notNull() },
	(table) => [primaryKey({ columns: [table.sessionId, table.n] })]
);

/** Texts loaded beside a session (zstd): names of its code and of its memory. */
export const sessionFiles = sqliteTable(
	'session_files',
	{
		sessionId: session(),
		kind: text({ enum: ['symbols', 'iomem'] }).notNull(),
		name: text().notNull(),
		createdMs: integer('created_ms').notNull(),
		options: text().notNull().default('{}'),
		data: blob({ mode: 'buffer' }).notNull()
	},
	(table) => [primaryKey({ columns: [table.sessionId, table.kind] })]
);
