-- Bit 31 of a segment's lanes tells of accesses outside every memslot; of older segments nobody knows.
UPDATE `segments` SET `lanes` = `lanes` | 2147483648 WHERE `kinds` & 15360;
