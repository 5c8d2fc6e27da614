package dynamo

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"trueup/internal/aws/dynamo/schema"
)

// pattern is a row of the table in the package documentation. The constructors of keys.go
// make its keys from readable samples.
type pattern struct {
	entity string
	zero   any // of the type of the item
	pk     pk
	sk     sk
	index  string // other keys of the same item
	answer string // what reading the item answers
}

func on(index schema.Index, partition, sort string) string {
	return fmt.Sprintf("%s: %s | %s", index.Name, partition, sort)
}

// patterns returns every kind of item and how it is read.
func patterns() []pattern {
	row := func(entity string, zero any, p pk, s sk, answer string, indexes ...string) pattern {
		return pattern{entity, zero, p, s, strings.Join(indexes, ", "), answer}
	}
	at := func(p pk, s sk) func(entity string, zero any, answer string, indexes ...string) pattern {
		return func(entity string, zero any, answer string, indexes ...string) pattern {
			return row(entity, zero, p, s, answer, indexes...)
		}
	}
	day := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	return []pattern{
		at(agreementKey("{id}"))("agreement", agreementItem{}, "one agreement"),
		at(detailsKey("{id}"))("details", detailsItem{}, "what was noted of an agreement of type other: read by one audited call only"),
		at(nameKey("{name}"))("name", nameItem{}, "which agreement has a name: at most one"),
		at(pairKey("{A+L}"))("pair", pairItem{}, "which agreement has a pair: at most one; the pairs of an agreement; what it entitles to",
			on(schema.ByOwner, byOwnerPK("{agreement}", 0), "{A+L}")),
		at(groupKey("{id}"))("group", groupItem{}, "one group; all groups"),
		at(groupNameKey("{name}"))("group name", groupNameItem{}, "which group has a name: at most one"),
		at(groupsPK, groupCountSK)("group count", groupCountItem{}, "how many groups there are: at most 500"),
		at(importKey("{id}"))("import", importItem{}, "one import; imports, newest first"),
		at(openImportKey("{id}"))("running import", openImportItem{}, "imports that may have to be given up"),
		at(statementKey("{id}"))("statement", statementItem{}, "the result for one version of a file of entitlements; all, newest first"),
		at(newestStatementKey("{key}"))("newest statement", newestItem{}, "which statement of a file is in use; all in use"),
		at(clearingKey("{import}"))("clearing", clearingItem{}, "where to continue to remove what an import left, for 30 days"),
		at(stageKey("{import}.{attempt}"))("stage", stageItem{}, "whether what it marks counts, and since which commit"),
		at(commitsPK, commitsSK)("commits", commitsItem{}, "how many imports were committed: the moment a listing of pairs shows"),
		at(writerPK, writerSK)("writer's lease", leaseItem{}, "which stage may write, until when"),
		at(orphansKey("{agreement}"))("orphans", orphansItem{}, "deleted agreements whose pairs are being removed"),
		at(refreshKey("{id}"))("refresh", runItem{}, "one refresh; refreshes, newest first"),
		at(heldKey("{id}"))("held refresh", heldItem{}, "refreshes whose answers wait to be confirmed"),
		at(refreshPK, refreshSK)("open refresh", refreshItem{}, "which refresh is open; how old the licence data is"),
		at(fenceKey(0))("fence", fenceItem{}, "which attempt at a refresh may write"),
		at(headKey("{journal}", 0))("journal", headItem{}, "where the first stripe of a journal stands; with those below, whether a copy in memory is current"),
		at(headKey("{journal}", 1))("stripe", headItem{}, "where another stripe stands"),
		at(entryKey("{journal}", 0, 1))("first entry", entryItem{}, "what changed since a copy in memory was: of the first stripe"),
		at(entryKey("{journal}", 1, 1))("entry", entryItem{}, "what changed since a copy in memory was: of another stripe"),
		at(tombstoneKey("{group}", 1))("tombstone", tombstoneItem{}, "whether a license group that a transaction is about was deleted, or is about to be: 32 for each, for a day"),
		at(snapshotKey("2026-11-21"))("snapshot", snapshotItem{}, "which snapshot is the one of a day; days of a period"),
		at(snapshotsPK, newestSnapshotSK)("newest snapshot", snapshotItem{}, "which entitlements are shown as of now"),
		at(inventoryKey("{source}"))("inventory", inventoryItem{}, "what the last file of a source came to, and what counts; all sources"),
		at(inventoryPK, rulesSK)("rules", rulesItem{}, "where the rules of admins are that recognise titles"),
		at(inventoryPK, recountSK)("recount's lease", leaseItem{}, "which process counts files again after a change of rules, until when"),
		at(adjustmentsPK, adjustmentsSK)("adjustments", adjustmentsItem{}, "all manual adjustments of licences, which count in reports"),
		at(subscriptionKey("{id}"))("subscription", subscriptionItem{}, "what is in one subscription; in all"),
		at(subscriptionNameKey("{name}"))("subscription name", subscriptionNameItem{}, "which subscription has a name: at most one"),
		at(subscriptionsPK, subscriptionCountSK)("subscription count", subscriptionCountItem{}, "how many subscriptions there are: at most 500; whether one has changed since it was read"),
		at(seatsKey("{subscription}"))("seats", seatsItem{}, "how many licences a subscription has, how many are assigned, and until when"),
		at(userKey("{id}"))("user", userItem{}, "one user with all licences, also for some days after the deletion; all users"),
		at(upnKey("{name}"))("user principal name", upnItem{}, "which user has a user principal name: at most one"),
		at(holderKey("{subscription}"))("holder", holderItem{}, "which group of devices holds a subscription: at most one"),
		at(deviceKey("{id}"))("device", deviceItem{}, "one device"),
		row("device name", deviceNameItem{}, devicesPK, deviceNamePrefix+"{name} {id}", "devices, sorted by name"),
		at(directoryIDKey("{kind}", "{id}"))("directory id", directoryIDItem{}, "which device or group of devices has an id in the directory: at most one"),
		at(deviceGroupKey("{id}"))("device group", deviceGroupItem{}, "one group of devices; all, and how they are nested"),
		at(deviceGroupNameKey("{name}"))("device group name", deviceGroupNameItem{}, "which group of devices has a name: at most one"),
		at(deviceGroupsPK, deviceGroupCountSK)("device group count", deviceGroupCountItem{}, "how many groups of devices there are; whether one has changed since it was read"),
		at(membersKey("{group}"))("members", membersItem{}, "the devices of a group, and since when"),
		at(pendingKey("{group}"))("pending members", pendingItem{}, "the members that a group gets if a global admin confirms it"),
		at(directoryFileKey("{id}"))("directory file", directoryFileItem{}, "the result for one version of a list of users or subscriptions; all, newest first"),
		at(openDirectoryFileKey("{id}"))("open directory file", openDirectoryFileItem{}, "files that wait, or were interrupted"),
		at(newestFileKey("{key}"))("newest directory file", newestFileItem{}, "which version of a file was the newest to begin"),
		at(directoryLeasePK, directoryLeaseSK)("lease of directory files", leaseItem{}, "which process works on these files, until when"),
		at(licenseJobKey("{id}"))("license job", licenseJobItem{}, "how far a job is; all, newest first"),
		at(openLicenseJobKey("{id}"))("open license job", openLicenseJobItem{}, "jobs that wait, or were interrupted"),
		at(remindersPK, digestDaySK)("digest day", digestDayItem{}, "on which day the last digest of reminders was sent"),
		at(remindersPK, remindersLeaseSK)("lease of reminders", leaseItem{}, "which process sends reminders, until when"),
		at(sentKey("2026-12-31", "{reminder}", 30))("sent reminder", sentItem{}, "which reminders were sent about a date"),
		at(feedKey("{owner}"))("feed", feedItem{}, "the calendar of a person: the hash of its address, and until when it goes on"),
		at(feedHashKey("{hash}"))("feed hash", feedHashItem{}, "whose calendar has the address with a hash"),
		at(licenseJobLeasePK, licenseJobLeaseSK)("lease of license jobs", leaseItem{}, "which process works on these jobs, until when"),
		at(viewKey("{id}"))("saved view", viewItem{}, "one saved view"),
		at(viewFileKey("{id}", "2026-11-21"))("file of a view", viewFileItem{}, "which files a saved view has, newest first"),
		at(ownViewsKey("{subject}"))("own views", ownViewsItem{}, "the saved views of a person: at most 100; the person's roles in the last token that was seen"),
		row("shared view", viewPlaceItem{}, sharedViewsPK, "NAME#{name} {id}", "shared views of everyone, sorted by name"),
		at(scheduledViewKey(day, "{id}"))("scheduled view", viewPlaceItem{}, "views with a schedule; what is due"),
		at(viewLeasePK, viewLeaseSK)("lease of scheduled views", leaseItem{}, "which process sends views, until when"),
		at(idempotencyKey("{subject}/{key}"))("idempotency", onceItem{}, "what a POST answered the first time, for a day"),
		row("audit event", auditItem{}, auditShardPK(0), "{event}", "who changed what, newest first: the shards are merged"),
		row("audit event", auditItem{}, auditDayPK(day), "{event}", "the same, written before there were shards"),
		at(callerKey("{id}"))("caller", callerItem{}, "the name of a caller by id"),
	}
}

// document returns the package documentation, with the table of patterns.
func document() string {
	var b strings.Builder
	b.WriteString(`// Code generated by go test ./internal/aws/dynamo -update; DO NOT EDIT.

// Package dynamo keeps agreements, groups, imports, refreshes, subscriptions, users,
// devices, journals and audit events in one DynamoDB table.
//
// Open returns a Table, which has one type for each contract of the domain and of the
// use cases: Agreements, Groups, Imports, Statements, Inventories, Snapshots, Adjustments,
// Subscriptions, People, Devices, DirectoryFiles, LicenseJobs, Reminders, Feeds, Views,
// Journal, Audit, Callers and Idempotency. Refreshes is made by NewRefreshes.
// Upkeep is the work of a schedule. The types do not use each other. They share an engine,
// which sends requests and retries them, and what several types read and write:
// storedAgreements, storedGroups, tombstones of groups, journals, and visibility, which
// knows what imports have committed.
//
// Words in braces are samples. A name is folded; {A+L} is a pair's comparison
// form; the number at the end of an index key is one of schema.Shards shards, at the
// end of the key of an audit event one of auditShards.
//
`)
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "item\tpk\tsk\talso in an index\tanswers")
	for _, p := range patterns() {
		index := p.index
		if index == "" {
			index = "-"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", p.entity, p.pk, p.sk, index, p.answer)
	}
	_ = w.Flush() // to memory
	for line := range strings.Lines(table.String()) {
		b.WriteString("//\t" + line)
	}
	b.WriteString(`//
// The visibility of what an import writes is explained in visibility.go, and the
// protocol that makes an import count once in package importer. Agreements are
// listed by package register, from their journal, and users by package people. Why
// licences are never over-assigned is explained in people_apply.go. How a refresh
// writes is explained with Refreshes and in refresh_summaries.go. The pairs of an
// agreement are listed from an index, which on AWS may trail the table by a
// moment; everything else is read strongly consistent.
package dynamo
`)
	return b.String()
}
