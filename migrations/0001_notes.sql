CREATE TABLE `note_events` (
	`session_id` integer NOT NULL,
	`n` integer NOT NULL,
	`data` text NOT NULL,
	PRIMARY KEY(`session_id`, `n`),
	FOREIGN KEY (`session_id`) REFERENCES `sessions`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `session_files` (
	`session_id` integer NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`created_ms` integer NOT NULL,
	`options` text DEFAULT '{}' NOT NULL,
	`data` blob NOT NULL,
	PRIMARY KEY(`session_id`, `kind`),
	FOREIGN KEY (`session_id`) REFERENCES `sessions`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
ALTER TABLE `sessions` ADD `tags` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `sessions` ADD `hidden_ms` integer;