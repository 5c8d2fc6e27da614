package dynamo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/importer"
	"trueup/internal/journal"
)

// This file is the only one that knows key text. A partition key has a type
// and a constructor; the table in doc.go says which sort keys pair up with it.
//
// No key of rows that one import writes is shared by all of them: agreements,
// names and pairs have a partition each, and the pairs of an agreement are
// spread over schema.Shards index partitions.

type (
	pk string
	sk string
)

// Limits of DynamoDB are 2,048 bytes for a partition key and 1,024 for a sort
// key; a name can be longer once folded, so the end of a long one is hashed.
const (
	maxPartitionName = 1800
	maxSortName      = 900
	maxSortKey       = 1024
)

// agreementKey: the agreement itself, under sort key "AGREEMENT". Its details
// have an item of their own, so that only a read of details reads them (R2.7).
func agreementKey(id string) (pk, sk) { return pk(agreementPrefix + id), agreementSK }
func detailsKey(id string) (pk, sk)   { return pk("AGREEMENT#" + id), "DETAILS" }

// nameKey: who has a name, under sort key "NAME". The name is folded.
func nameKey(folded string) (pk, sk) { return pk("NAME#" + bounded(folded, maxPartitionName)), "NAME" }

// pairKey: which agreement has a pair, under sort key "PAIR".
func pairKey(key agreement.PairKey) (pk, sk) { return pk(pairPrefix + string(key)), "PAIR" }

// Groups are at most 501 small items, read together: one partition holds
// "GROUP#<id>" for each, "NAME#<folded name>" for who has a name, and "COUNT".
const groupsPK pk = "GROUPS"

const (
	agreementPrefix    = "AGREEMENT#"
	agreementSK     sk = "AGREEMENT"
	pairPrefix         = "PAIR#"
)

const (
	groupPrefix      = "GROUP#"
	groupCountSK  sk = "COUNT"
	importPrefix     = "IMPORT#"
	commitsSK     sk = "COMMITS"
	commitsPK     pk = "COMMITS"
	writerPK      pk = "WRITER"
	writerSK      sk = "WRITER"
	importsPK     pk = "IMPORTS" // one item an import, written a few times
	openImportsPK pk = "IMPORTS#OPEN"
	orphansPK     pk = "ORPHANS"   // deleted agreements whose pairs are being removed
	inventoryPK   pk = "INVENTORY" // a few items: "SOURCE#<source>" for each, and "RULES"
	sourcePrefix     = "SOURCE#"
	rulesSK       sk = "RULES"
	refreshPrefix    = "REFRESH#"
	refreshesPK   pk = "REFRESHES" // one item a run, written at every position it saves
	heldPK        pk = "REFRESHES#HELD"
	refreshPK     pk = "REFRESH"
	refreshSK     sk = "REFRESH"
	headSK        sk = "HEAD"

	statementPrefix       = "STATEMENT#"
	statementsPK       pk = "STATEMENTS" // one item a version of a file
	newestStatementsPK pk = "STATEMENTS#NEWEST"

	snapshotsPK      pk = "SNAPSHOTS" // one small item a day, and "NEWEST"
	snapshotPrefix      = "DAY#"
	newestSnapshotSK sk = "NEWEST"
)

func groupKey(id string) (pk, sk) { return groupsPK, sk(groupPrefix + id) }
func groupNameKey(folded string) (pk, sk) {
	return groupsPK, sk("NAME#" + bounded(folded, maxSortName))
}
func importKey(id string) (pk, sk)     { return importsPK, sk(importPrefix + id) }
func openImportKey(id string) (pk, sk) { return openImportsPK, sk(importPrefix + id) }
func statementKey(id string) (pk, sk)  { return statementsPK, sk(statementPrefix + id) }

// newestStatementKey: which statement of a file is in use. The file's key is at
// most 1,024 bytes long.
func newestStatementKey(file string) (pk, sk) {
	return newestStatementsPK, sk("FILE#" + bounded(file, maxSortName))
}

func snapshotKey(date day.Date) (pk, sk) { return snapshotsPK, sk(snapshotPrefix + string(date)) }
func orphansKey(id string) (pk, sk)      { return orphansPK, sk("AGREEMENT#" + id) }
func refreshKey(id string) (pk, sk)      { return refreshesPK, sk(refreshPrefix + id) }
func heldKey(id string) (pk, sk)         { return heldPK, sk(refreshPrefix + id) }
func stageKey(s importer.Stage) (pk, sk) { return pk("STAGE#" + string(s)), "STAGE" }
func inventoryKey(source string) (pk, sk) {
	return inventoryPK, sk(sourcePrefix + bounded(source, maxSortName))
}

func idempotencyKey(key string) (pk, sk) {
	return pk("IDEMPOTENCY#" + bounded(key, maxPartitionName)), "IDEMPOTENCY"
}

// fenceKey: which attempt at a refresh may write, under sort key "FENCE". Each
// of its fences says the same, so that transactions that look at different ones
// are not in each other's way.
func fenceKey(n int) (pk, sk) { return pk("FENCE#" + strconv.Itoa(n)), "FENCE" }

// headKey: where a stripe of a journal stands. The heads of all stripes are read
// together.
func headKey(name journal.Name, stripe int) (pk, sk) {
	if stripe == 0 {
		return pk("JOURNAL#" + string(name)), headSK
	}
	return pk("JOURNAL#" + string(name)), sk(fmt.Sprintf("%s#%02d", headSK, stripe))
}

// entryKey: an entry of a stripe. Those of the first stripe are in the partition
// of the heads.
func entryKey(name journal.Name, stripe int, seq int64) (pk, sk) {
	number := sk(fmt.Sprintf("%016d", seq))
	if stripe == 0 {
		return pk("JOURNAL#" + string(name)), number
	}
	return pk(fmt.Sprintf("JOURNAL#%s#%02d", name, stripe)), number
}

// tombstoneKey: that a license group was deleted, under sort key "TOMBSTONE". Each
// of its tombstones says the same.
func tombstoneKey(groupID string, n int) (pk, sk) {
	return pk(fmt.Sprintf("TOMBSTONE#%s#%02d", groupID, n)), "TOMBSTONE"
}

// auditShards is over how many partitions audit events are spread. Their sort keys
// grow with time, so DynamoDB cannot split a partition between them; one takes 1,000
// write units a second, and an event in a transaction costs at least two. Readers
// look at this many: it can become larger, and never smaller.
const auditShards = 8

// auditKey: an event is in the shard that its id selects. There is no day in the
// key: it would not spread the writes of one moment, and would make a list of a
// quiet month read each of its days eight times.
func auditKey(id string) (pk, sk) { return auditShardPK(shardOf(id, auditShards)), sk(id) }

func auditShardPK(shard int) pk { return pk("AUDIT#" + strconv.Itoa(shard)) }

// auditDayPK is where every event of a day was written before there were shards.
// It is still read.
func auditDayPK(date time.Time) pk { return pk("AUDIT#" + date.UTC().Format(time.DateOnly)) }

// Index keys.

func byOwnerPK(id string, shard int) string { return "AGREEMENT#" + id + "#" + strconv.Itoa(shard) }

// shardOf spreads the entries of a list evenly, by what identifies the entry.
func shardOf(identity string, shards int) int {
	// Both halves of a pair key are often equal, which cancels out in the low
	// bits of a weaker hash.
	sum := sha256.Sum256([]byte(identity))
	return int(sum[0]) % shards
}

// bounded returns s, or when it is over max bytes a readable start and a digest of it.
func bounded(s string, max int) string {
	if len(s) <= max {
		return s
	}
	return s[:readable(s, max)] + "#" + digest(s)
}

// readable returns how much of s bounded leaves as it is when s is over max bytes.
func readable(s string, max int) int {
	cut := max - 1 - digestChars
	if len(s) <= cut {
		return len(s)
	}
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return cut
}

const digestChars = 32

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:digestChars/2])
}
