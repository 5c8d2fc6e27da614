package importer_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/i18n"
	"trueup/internal/id"
	"trueup/internal/importer"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/once"
	"trueup/internal/testkit/storetest"
)

// set changes an attribute of an item directly in the table.
func (s *stand) set(pk, sk, name string, value types.AttributeValue) {
	s.t.Helper()
	_, err := s.engine.UpdateItem(s.t.Context(), &dynamodb.UpdateItemInput{
		TableName:        &s.table,
		Key:              map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: sk}},
		UpdateExpression: aws.String("SET #a = :v"), ExpressionAttributeNames: map[string]string{"#a": name},
		ExpressionAttributeValues: map[string]types.AttributeValue{":v": value},
	})
	must(s.t, err)
}

func TestR3_4_NameOfAnOtherAgreementIsAnError(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.run(file("agreements/a.csv", "1,1,Maps\n"))
	for key, item := range storetest.Dump(t, s.engine, s.table) {
		if strings.HasPrefix(key, "AGREEMENT#") { // imports create only volume agreements
			s.set(item["pk"].(string), "AGREEMENT", "type", &types.AttributeValueMemberS{Value: string(agreement.TypeOther)})
		}
	}
	imp := s.run(file("agreements/b.csv", "2,2,Office\n3,3,MAPS\n", importer.MetaOnError, "skip"))
	equal(t, "import", numbers(imp), "succeeded: 2 rows = 1 added + 0 unchanged + 1 rejected, 1 created, 0 extended")
	equal(t, "findings", s.findings(imp), []string{"error 2.3 name_is_other Maps"})
}

func TestR4_2_GroupLimit(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.run(file("agreements/Sales/a.csv", "1,1,Office\n"))
	s.set("GROUPS", "COUNT", "n", &types.AttributeValueMemberN{Value: fmt.Sprint(group.Max)})
	before := s.seen()
	for _, onError := range []string{"reject", "skip"} {
		imp := s.run(file("agreements/One more/b.csv", "2,2,Visio\n3,3,Visio\n", importer.MetaOnError, onError))
		equal(t, onError, numbers(imp), "rejected group_limit: 2 rows = 0 added + 0 unchanged + 2 rejected, 0 created, 0 extended")
		equal(t, onError+" findings", s.findings(imp), []string{"error 0.0 group_limit"})
	}
	equal(t, "store", s.seen(), before)
	none := s.run(file("agreements/One more/b.csv", "1,1,Office\n"))
	equal(t, "no agreement goes there", numbers(none)+" "+none.GroupID, "succeeded: 1 rows = 0 added + 1 unchanged + 0 rejected, 0 created, 0 extended ")
	imp := s.run(file("agreements/sales/c.csv", "2,2,Office\n"))
	equal(t, "a group that exists", imp.State, importer.StateSucceeded)
}

func TestR3_1_KeyIsUnderThePrefixWhateverTheGroup(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "agreements/a.csv", "Sales": "agreements/Sales/a.csv", ".": "agreements/./a.csv", "..": "agreements/../a.csv", " x ": "agreements/ x /a.csv",
	} {
		equal(t, name, kind.Agreements.Key(name, "a.csv"), want)
	}
	s := newStand(t)
	s.run(file(kind.Agreements.Key("..", "a.csv"), "1,1,Office\n"))
	equal(t, "store", s.seen(), []string{"..", ".. / Office v1: 1+1"})
}

func TestR3_1_FolderMarkerIsNoFile(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	must(t, deliver(t.Context(), s.Importer, s.put(file("agreements/Sales/", ""))))
	equal(t, "table", storetest.Dump(t, s.engine, s.table), map[string]map[string]any{})
}

// announce stores an import as POST /imports does, for a file of a size in bytes; 0 as releases
// without sizes did. principal is the one that the presigned address acts as.
func (s *stand) announce(key string, size int64, principal string) importer.Import {
	s.t.Helper()
	imp := importer.Import{
		Head: intake.Head{
			ID: id.New(noon, key), Object: intake.Object{Bucket: "uploads", Key: key, Size: size, By: "anna", Principal: principal}, Via: audit.SourceAPI, At: noon, Version: 1,
		},
		File: "a.csv", Group: "Sales", Program: agreement.ProgramUnknown, OnError: importer.OnErrorSkip,
		State: importer.StateReceived,
	}
	_, err := s.Store.Announce(s.t.Context(), imp, once.Change{Event: audit.Event{ID: imp.ID, At: noon, Action: "import.announced"}})
	must(s.t, err)
	return imp
}

func TestR3_1_AnnouncedImport(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	const key = "agreements/Sales/a.csv"
	const rows = "1,1,Office\n/,1,Office\n"
	announced := s.announce(key, int64(len(rows)), "AWS:local")
	first := s.put(file(key, rows, importer.MetaImport, announced.ID))
	must(t, deliver(t.Context(), s.Importer, first))
	imp := s.record(announced.ID)
	equal(t, "announced import", numbers(imp), "succeeded: 2 rows = 1 added + 0 unchanged + 1 rejected, 1 created, 0 extended")
	equal(t, "findings", s.findings(imp), []string{"error 2.1 number_required"})
	equal(t, "who", imp.Object.By, "anna")
	arrived := objectOf(t, first)
	arrived.By = "anna"
	equal(t, "object", imp.Object, arrived)
	equal(t, "the object has no second record", s.recordExists(idOf(t, first)), false)

	again := s.run(file(key, "2,2,Office\n", importer.MetaImport, announced.ID))
	equal(t, "address used again", numbers(again), "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 0 created, 1 extended")
	equal(t, "address used again by", again.Object.By, "anna")
	for what, u := range map[string]upload{
		"another principal": file("agreements/Sales/d.csv", "7,7,Office\n", importer.MetaImport, s.announce("agreements/Sales/d.csv", 11, "AWS:AROA:agreements").ID),
		"forged id":         file(key, "3,3,Office\n", importer.MetaImport, id.New(noon, "nobody's")),
		"endless id":        file(key, "4,4,Office\n", importer.MetaImport, strings.Repeat("0", 1500)),
		"another key":       file("agreements/Sales/b.csv", "5,5,Office\n", importer.MetaImport, s.announce("agreements/Sales/waiting.csv", 0, "").ID),
		"another size":      file("agreements/Sales/c.csv", "6,6,Office\n", importer.MetaImport, s.announce("agreements/Sales/c.csv", 12, "").ID),
	} {
		own := s.run(u)
		equal(t, what, numbers(own), "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 0 created, 1 extended")
		equal(t, what+" by", own.Object.By, "AWS:local")
	}
	equal(t, "announced import afterwards", s.record(announced.ID), imp)
	waiting := s.record(id.New(noon, "agreements/Sales/waiting.csv"))
	equal(t, "still waiting", waiting.State, importer.StateReceived)
	equal(t, "store", s.seen(), []string{"Sales", "Sales / Office v7: 1+1 2+2 3+3 4+4 5+5 6+6 7+7"})

	before := storetest.Dump(t, s.engine, s.table)
	must(t, deliver(t.Context(), s.Importer, first))
	equal(t, "table after a redelivery", storetest.Dump(t, s.engine, s.table), before)
}

func (s *stand) recordExists(id string) bool {
	_, err := s.Store.Import(s.t.Context(), id)
	return err == nil
}

func TestR3_9_FinishedImportIsNotTouchedAgain(t *testing.T) {
	t.Parallel()
	for name, u := range map[string]upload{
		"succeeded": file("agreements/Sales/a.csv", "1,1,Office\n2,2,Visio\n"),
		"rejected":  file("agreements/Sales/a.csv", "1,/,Office\n"),
		"dry run":   file("agreements/Sales/a.csv", "1,1,Office\n", importer.MetaDryRun, "true"),
		"refused":   file("agreements/Sales/a.csv", "PK\x03\x04"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			event := s.put(u)
			must(t, deliver(t.Context(), s.Importer, event))
			imp := s.record(idOf(t, event))
			s.findings(imp)
			before, report := storetest.Dump(t, s.engine, s.table), s.object(imp.ReportKey())
			s.clock.advance(lease * 100)
			// Even if the key then has another object, or none.
			s.put(file(u.key, "9,9,Other\n"))
			must(t, deliver(t.Context(), s.Importer, event))
			_, err := s.files.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("uploads"), Key: &u.key})
			must(t, err)
			must(t, deliver(t.Context(), s.Importer, event))
			must(t, s.Abandon(t.Context()))
			equal(t, "table", storetest.Dump(t, s.engine, s.table), before)
			equal(t, "report", s.object(imp.ReportKey()), report)
		})
	}
}

func TestR3_8_AuditAndAnnotatedCopy(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	imp := s.run(file("agreements/Sales/a.csv", "1,1,Office\n=2+5,2,Office\n", importer.MetaOnError, "skip"))
	s.findings(imp)
	_, rows, _ := strings.Cut(s.object(imp.AnnotatedKey("nl")), "\r\n")
	equal(t, "rows of the annotated copy", rows, "1,1,Office,\r\n'=2+5,2,Office,\""+
		i18n.Column(i18n.Dutch, "authorization")+": "+i18n.Text(i18n.Dutch, "number_characters", errs.Args{"characters": "= +"})+"\"\r\n")
	dump := storetest.Dump(t, s.engine, s.table)
	equal(t, "what changed", events(dump, imp)[0]["after"], any(map[string]any{
		"file": "a.csv", "group": "Sales", "state": "succeeded", "rows": "2", "added": "1", "unchanged": "0", "rejected": "1", "created": "1", "extended": "0",
	}))
	created := 0
	for _, item := range dump {
		if item["subject"] == "group/"+imp.GroupID && item["action"] == "group.created" {
			created++
		}
	}
	equal(t, "events of the group", created, 1)
}

func TestR3_9_BusyWhileAnotherAttemptOwnsIt(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	event := s.put(file("agreements/a.csv", "1,1,Office\n"))
	src := objectOf(t, event)
	running := importer.Import{
		Head: intake.Head{ID: src.ID(src.Bucket), Object: src, At: noon}, File: "a.csv", State: importer.StateRunning, Attempt: 1, Lease: noon.Add(lease),
	}
	_, err := s.Store.Claim(t.Context(), importer.Import{}, running)
	must(t, err)
	if err := deliver(context.Background(), s.Importer, event); err == nil || !strings.Contains(err.Error(), importer.ErrBusy.Error()) {
		t.Errorf("within the lease: %v, want ErrBusy, so that the event comes again", err)
	}
	s.clock.advance(lease + 1)
	must(t, deliver(t.Context(), s.Importer, event))
	imp := s.record(src.ID(src.Bucket))
	equal(t, "after the lease", numbers(imp), "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 1 created, 0 extended")
	equal(t, "attempt", imp.Attempt, 2)
}
