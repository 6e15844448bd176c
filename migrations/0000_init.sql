CREATE TABLE `heat_tiles` (
	`session_id` integer NOT NULL,
	`lane` integer NOT NULL,
	`shift` integer NOT NULL,
	`tile` integer NOT NULL,
	`data` blob NOT NULL,
	PRIMARY KEY(`session_id`, `lane`, `shift`, `tile`),
	FOREIGN KEY (`session_id`) REFERENCES `sessions`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `memslots` (
	`session_id` integer NOT NULL,
	`created_seq` integer NOT NULL,
	`created_ns` integer NOT NULL,
	`as_id` integer NOT NULL,
	`slot_id` integer NOT NULL,
	`base_gfn` integer NOT NULL,
	`npages` integer NOT NULL,
	`flags` integer NOT NULL,
	`name` text,
	`lane` integer NOT NULL,
	`deleted_seq` integer,
	`deleted_ns` integer,
	PRIMARY KEY(`session_id`, `created_seq`),
	FOREIGN KEY (`session_id`) REFERENCES `sessions`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `moments` (
	`session_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`kind` text NOT NULL,
	`ts_ns` integer NOT NULL,
	`name` text,
	`start_ns` integer,
	`count` integer,
	`vcpu` integer,
	PRIMARY KEY(`session_id`, `seq`),
	FOREIGN KEY (`session_id`) REFERENCES `sessions`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `segment_columns` (
	`id` integer PRIMARY KEY NOT NULL,
	`data` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `segments` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`session_id` integer NOT NULL,
	`first_seq` integer NOT NULL,
	`count` integer NOT NULL,
	`min_ns` integer NOT NULL,
	`max_ns` integer NOT NULL,
	`min_gfn` integer NOT NULL,
	`max_gfn` integer NOT NULL,
	`kinds` integer NOT NULL,
	`lanes` integer NOT NULL,
	`bytes` integer NOT NULL,
	`constants` text NOT NULL,
	FOREIGN KEY (`session_id`) REFERENCES `sessions`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `segments_session` ON `segments` (`session_id`,`first_seq`);--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`slug` text NOT NULL,
	`name` text NOT NULL,
	`created_ms` integer NOT NULL,
	`next_seq` integer DEFAULT 0 NOT NULL,
	`summary` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_slug_unique` ON `sessions` (`slug`);--> statement-breakpoint
CREATE TABLE `snapshots` (
	`session_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`data` blob NOT NULL,
	PRIMARY KEY(`session_id`, `seq`),
	FOREIGN KEY (`session_id`) REFERENCES `sessions`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `sources` (
	`id` integer PRIMARY KEY NOT NULL,
	`session_id` integer NOT NULL,
	`head` text NOT NULL,
	`name` text NOT NULL,
	`format` text NOT NULL,
	`byte` integer DEFAULT 0 NOT NULL,
	`line` integer DEFAULT 0 NOT NULL,
	`digest` text DEFAULT '' NOT NULL,
	`complete` integer DEFAULT false NOT NULL,
	`diagnostics` text DEFAULT '[]' NOT NULL,
	FOREIGN KEY (`session_id`) REFERENCES `sessions`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `sources_head` ON `sources` (`head`);--> statement-breakpoint
CREATE INDEX `sources_session` ON `sources` (`session_id`);