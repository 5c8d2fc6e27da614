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

// This file defines the text of keys. Constructors return partition keys and sort keys; the
// table in doc.go lists all combinations.
//
// The rows of an import do not share a partition: each agreement, name and pair has its
// own, and the pairs of an agreement are spread over schema.Shards index partitions.

type (
	pk string
	sk string
)

// DynamoDB allows 2,048 bytes for a partition key and 1,024 for a sort key. A folded name
// can be longer, so the end of a long name is hashed.
const (
	maxPartitionName = 1800
	maxSortName      = 900
	maxSortKey       = 1024
)

// agreementKey returns the key of an agreement. Its details have their own item, so that
// only a read of details reads them (R2.7).
func agreementKey(id string) (pk, sk) { return pk(agreementPrefix + id), agreementSK }
func detailsKey(id string) (pk, sk)   { return pk(agreementPrefix + id), "DETAILS" }

// nameKey returns the key of the item that records which agreement has a folded name.
func nameKey(folded string) (pk, sk) { return pk("NAME#" + bounded(folded, maxPartitionName)), "NAME" }

// pairKey returns the key of the item of a pair.
func pairKey(key agreement.PairKey) (pk, sk) { return pk(pairPrefix + string(key)), "PAIR" }

// groupsPK is the partition of all license groups. For each group it has the items
// "GROUP#<id>" and "NAME#<folded name>"; "COUNT" has the number of groups.
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
	importsPK     pk = "IMPORTS" // one item for each import, written a few times
	openImportsPK pk = "IMPORTS#OPEN"
	orphansPK     pk = "ORPHANS"   // deleted agreements whose pairs are being removed
	inventoryPK   pk = "INVENTORY" // a few items: "SOURCE#<source>" for each source, "RULES" and "RECOUNT"
	sourcePrefix     = "SOURCE#"
	rulesSK       sk = "RULES"
	recountSK     sk = "RECOUNT"
	refreshPrefix    = "REFRESH#"
	refreshesPK   pk = "REFRESHES" // one item for each run, written at every position it saves
	heldPK        pk = "REFRESHES#HELD"
	refreshPK     pk = "REFRESH"
	refreshSK     sk = "REFRESH"
	headSK        sk = "HEAD"

	statementPrefix       = "STATEMENT#"
	statementsPK       pk = "STATEMENTS" // one item for each version of a file
	newestStatementsPK pk = "STATEMENTS#NEWEST"

	snapshotsPK      pk = "SNAPSHOTS" // one small item for each day, and "NEWEST"
	snapshotPrefix      = "DAY#"
	newestSnapshotSK sk = "NEWEST"

	adjustmentsPK pk = "ADJUSTMENTS" // one item
	adjustmentsSK sk = "ADJUSTMENTS"

	// subscriptionsPK is the partition of the descriptions of all subscriptions. For each one it has
	// the items "SUBSCRIPTION#<id>" and "NAME#<folded name>"; "COUNT" has the number of subscriptions.
	subscriptionsPK     pk = "SUBSCRIPTIONS"
	subscriptionPrefix     = "SUBSCRIPTION#"
	subscriptionCountSK sk = "COUNT"
	seatsPrefix            = "SEATS#"
	userPrefix             = "USER#"

	// devicesPK is the partition of the list of devices: an item "NAME#<folded name>\t<id>" for each. A tab
	// sorts before every character of a name, so a name sorts before a longer one that begins with it.
	devicesPK pk = "DEVICES"
	// deviceGroupsPK is the partition of all groups of devices. For each one it has the items
	// "GROUP#<id>" and "NAME#<folded name>"; "COUNT" has the number of groups.
	deviceGroupsPK       pk = "DEVICEGROUPS"
	deviceGroupCountSK   sk = "COUNT"
	deviceGroupPrefix       = "DEVICEGROUP#"
	membersSK            sk = "MEMBERS"
	pendingSK            sk = "PENDING"
	directoryFilesPK     pk = "DIRECTORY" // one item for each version of a file
	openDirectoryFilesPK pk = "DIRECTORY#OPEN"
	newestFilesPK        pk = "DIRECTORY#NEWEST"
	directoryLeasePK     pk = "DIRECTORY#LEASE"
	directoryLeaseSK     sk = "LEASE"
	filePrefix              = "FILE#"

	licenseJobsPK     pk = "JOBS" // one item for each license job, written at every position it saves
	openLicenseJobsPK pk = "JOBS#OPEN"
	licenseJobLeasePK pk = "JOBS#LEASE"
	licenseJobLeaseSK sk = "LEASE"
	licenseJobPrefix     = "JOB#"

	remindersPK      pk = "REMINDERS" // two items; what was sent has a partition for each date
	digestDaySK      sk = "DAY"
	remindersLeaseSK sk = "LEASE"

	viewPrefix          = "VIEW#"
	viewSK           sk = "VIEW"
	sharedViewsPK    pk = "VIEWS#SHARED"    // one small item for each shared view
	scheduledViewsPK pk = "VIEWS#SCHEDULED" // one small item for each view with a schedule
	viewLeasePK      pk = "VIEWS#LEASE"
	viewLeaseSK      sk = "LEASE"
	duePrefix           = "DUE#"
)

// sentPK returns the partition of the reminders that were sent about a date.
func sentPK(date day.Date) pk { return pk("REMINDERS#" + string(date)) }

func sentKey(date day.Date, id string, offset int) (pk, sk) {
	return sentPK(date), sk(id + "#" + strconv.Itoa(offset))
}

// feedKey returns the key of the feed of a person, and feedHashKey the key of the item that names the owner of
// the feed with a hash.
func feedKey(owner string) (pk, sk)    { return pk("FEED#" + bounded(owner, maxPartitionName)), "FEED" }
func feedHashKey(hash string) (pk, sk) { return pk("FEEDHASH#" + hash), "FEEDHASH" }

const (
	deviceNamePrefix    = "NAME#"
	auditPrefix         = "AUDIT#"
	callersPK        pk = "CALLERS"
)

func groupKey(id string) (pk, sk) { return groupsPK, sk(groupPrefix + id) }
func groupNameKey(folded string) (pk, sk) {
	return groupsPK, sk("NAME#" + bounded(folded, maxSortName))
}
func importKey(id string) (pk, sk)     { return importsPK, sk(importPrefix + id) }
func openImportKey(id string) (pk, sk) { return openImportsPK, sk(importPrefix + id) }
func statementKey(id string) (pk, sk)  { return statementsPK, sk(statementPrefix + id) }

// newestStatementKey returns the key of the item that names the statement in use of a file.
// The key of the file has at most 1,024 bytes.
func newestStatementKey(file string) (pk, sk) {
	return newestStatementsPK, sk("FILE#" + bounded(file, maxSortName))
}

func snapshotKey(date day.Date) (pk, sk) { return snapshotsPK, sk(snapshotPrefix + string(date)) }
func orphansKey(id string) (pk, sk)      { return orphansPK, sk(agreementPrefix + id) }
func refreshKey(id string) (pk, sk)      { return refreshesPK, sk(refreshPrefix + id) }
func heldKey(id string) (pk, sk)         { return heldPK, sk(refreshPrefix + id) }
func stageKey(s importer.Stage) (pk, sk) { return pk("STAGE#" + string(s)), "STAGE" }
func inventoryKey(source string) (pk, sk) {
	return inventoryPK, sk(sourcePrefix + bounded(source, maxSortName))
}

func subscriptionKey(id string) (pk, sk) { return subscriptionsPK, sk(subscriptionPrefix + id) }
func subscriptionNameKey(folded string) (pk, sk) {
	return subscriptionsPK, sk("NAME#" + bounded(folded, maxSortName))
}

// seatsKey returns the key of the seats of a subscription. They have a partition of their own, because
// every assignment writes them.
func seatsKey(id string) (pk, sk) { return pk(seatsPrefix + id), "SEATS" }

func directoryFileKey(id string) (pk, sk)     { return directoryFilesPK, sk(filePrefix + id) }
func openDirectoryFileKey(id string) (pk, sk) { return openDirectoryFilesPK, sk(filePrefix + id) }

// newestFileKey returns the key of the item that has the order of the newest version of a file that was
// begun. The key of the file has at most 1,024 bytes.
func newestFileKey(file string) (pk, sk) {
	return newestFilesPK, sk(filePrefix + bounded(file, maxSortName))
}

func licenseJobKey(id string) (pk, sk)     { return licenseJobsPK, sk(licenseJobPrefix + id) }
func openLicenseJobKey(id string) (pk, sk) { return openLicenseJobsPK, sk(licenseJobPrefix + id) }

func viewKey(id string) (pk, sk) { return pk(viewPrefix + id), viewSK }

// viewFileKey returns the key of a file of a view. It sorts before the view.
func viewFileKey(id string, date day.Date) (pk, sk) {
	return pk(viewPrefix + id), sk(filePrefix + string(date))
}

// ownViewsKey returns the key of the item that lists the views of a person.
func ownViewsKey(subject string) (pk, sk) {
	return pk("VIEWS#OF#" + bounded(subject, maxPartitionName)), "VIEWS"
}

// sharedViewKey returns the key of the place of a view in the list of shared views, as deviceNameKey does.
func sharedViewKey(folded, id string) (pk, sk) {
	return sharedViewsPK, sk("NAME#" + bounded(folded, maxSortName) + "\t" + id)
}

// scheduledViewKey returns the key of the place of a view in the list of views with a schedule: by the time at
// which work on it is due, and after all others if none is.
func scheduledViewKey(due time.Time, id string) (pk, sk) {
	if due.IsZero() {
		return scheduledViewsPK, sk("STOPPED#" + id)
	}
	return scheduledViewsPK, sk(duePrefix + dueText(due) + "#" + id)
}

func userKey(id string) (pk, sk) { return pk(userPrefix + id), "USER" }

// upnKey returns the key of the item that records which user has a folded user principal name.
func upnKey(folded string) (pk, sk) { return pk("UPN#" + bounded(folded, maxPartitionName)), "UPN" }

func deviceKey(id string) (pk, sk) { return pk("DEVICE#" + id), "DEVICE" }
func deviceNameKey(folded, id string) (pk, sk) {
	return devicesPK, sk(deviceNamePrefix + bounded(folded, maxSortName) + "\t" + id)
}

// directoryIDKey returns the key of the item that records which device or group has an id in the
// directory. Object ids and device ids are different kinds.
func directoryIDKey(kind, id string) (pk, sk) {
	return pk("DIRECTORYID#" + kind + "#" + bounded(id, maxPartitionName)), "DIRECTORYID"
}

func deviceGroupKey(id string) (pk, sk) { return deviceGroupsPK, sk(groupPrefix + id) }
func deviceGroupNameKey(folded string) (pk, sk) {
	return deviceGroupsPK, sk("NAME#" + bounded(folded, maxSortName))
}
func membersKey(id string) (pk, sk) { return pk(deviceGroupPrefix + id), membersSK }
func pendingKey(id string) (pk, sk) { return pk(deviceGroupPrefix + id), pendingSK }

// holderKey returns the key of the item that names the group of devices that holds a subscription.
func holderKey(subscription string) (pk, sk) { return pk(seatsPrefix + subscription), "GROUP" }

func idempotencyKey(key string) (pk, sk) {
	return pk("IDEMPOTENCY#" + bounded(key, maxPartitionName)), "IDEMPOTENCY"
}

// clearingKey returns the key of the position of a scan that removes what an import left.
func clearingKey(importID string) (pk, sk) { return pk("CLEARING#" + importID), "CLEARING" }

// fenceKey returns the key of a fence, which has the token of the attempt that may write.
// All fences are equal; transactions that check different fences do not conflict.
func fenceKey(n int) (pk, sk) { return pk("FENCE#" + strconv.Itoa(n)), "FENCE" }

// headKey returns the key of the head of a stripe. The heads of all stripes of a journal
// are read together.
func headKey(name journal.Name, stripe int) (pk, sk) {
	if stripe == 0 {
		return pk("JOURNAL#" + string(name)), headSK
	}
	return pk("JOURNAL#" + string(name)), sk(fmt.Sprintf("%s#%02d", headSK, stripe))
}

// entryKey returns the key of an entry of a stripe. Entries of the first stripe are in the
// partition of the heads.
func entryKey(name journal.Name, stripe int, seq int64) (pk, sk) {
	number := sk(fmt.Sprintf("%016d", seq))
	if stripe == 0 {
		return pk("JOURNAL#" + string(name)), number
	}
	return pk(fmt.Sprintf("JOURNAL#%s#%02d", name, stripe)), number
}

// tombstoneKey returns the key of a tombstone of a license group. A deletion writes all
// tombstones of a group.
func tombstoneKey(groupID string, n int) (pk, sk) {
	return pk(fmt.Sprintf("TOMBSTONE#%s#%02d", groupID, n)), "TOMBSTONE"
}

// auditShards is the number of partitions that audit events are spread over. Their sort
// keys grow with time, so DynamoDB cannot split a partition. A partition takes 1,000 write
// units a second, and an event in a transaction costs at least two. Readers read this many
// partitions: the number may grow but never shrink.
const auditShards = 8

// auditKey returns the key of an event, in the shard that its id selects. The key has no
// day: a day would not spread concurrent writes, and a list of a quiet month would have to
// read eight partitions for each day.
func auditKey(id string) (pk, sk) { return auditShardPK(shardOf(id, auditShards)), sk(id) }

func auditShardPK(shard int) pk { return pk(auditPrefix + strconv.Itoa(shard)) }

// auditDayPK returns the partition of a day, to which releases without shards wrote events.
// It is still read.
func auditDayPK(date time.Time) pk { return pk(auditPrefix + date.UTC().Format(time.DateOnly)) }

// callerKey returns the key of the item of a caller. All callers share a partition, so that old ones are
// found; each process writes a caller about once a day.
func callerKey(id string) (pk, sk) { return callersPK, sk("CALLER#" + bounded(id, maxSortName)) }

// Index keys.

func byOwnerPK(id string, shard int) string { return agreementPrefix + id + "#" + strconv.Itoa(shard) }

// shardOf returns the shard of an entry. It spreads identities evenly.
func shardOf(identity string, shards int) int {
	// Both halves of a pair key are often equal; in the low bits of a weaker hash they
	// would cancel each other out.
	sum := sha256.Sum256([]byte(identity))
	return int(sum[0]) % shards
}

// bounded returns s, or a readable start and a digest of s if it has more than max bytes.
func bounded(s string, max int) string {
	if len(s) <= max {
		return s
	}
	return s[:readable(s, max)] + "#" + digest(s)
}

// readable returns how many bytes of s bounded keeps if s has more than max bytes.
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
