package importer_test

import (
	"encoding/json"
	"testing"

	lambda "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/id"
	"trueup/internal/importer"
	"trueup/internal/intake"
	"trueup/internal/once"
	"trueup/internal/testkit/storetest"
)

// listed returns the event that infra/restore.sh makes from S3's data, with a resolution of one
// second, for the object of an event.
func (s *stand) listed(event []byte) []byte {
	s.t.Helper()
	var e lambda.S3Event
	must(s.t, json.Unmarshal(event, &e))
	r, src := &e.Records[0], objectOf(s.t, event)
	out, err := s.files.HeadObject(s.t.Context(), &s3.HeadObjectInput{Bucket: &src.Bucket, Key: &src.Key, VersionId: &src.Version})
	must(s.t, err)
	r.EventTime, r.PrincipalID.PrincipalID, r.S3.Object.Sequencer = out.LastModified.UTC(), "restore", "000000000000000001"
	made, err := json.Marshal(e)
	must(s.t, err)
	return made
}

// TestR16_2_ImportedAgain checks that an object which was imported again after a restore is
// imported once, even if S3's own event arrives later, and with the record that was announced for
// it.
func TestR16_2_ImportedAgain(t *testing.T) {
	t.Parallel()
	for name, announced := range map[string]string{"put by hand": "", "announced": id.New(noon, "announced")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			u := upload{key: "agreements/a.csv", body: "01-07001,01-07001,Office\n"}
			if announced != "" {
				u.metadata = map[string]string{importer.MetaImport: announced}
				_, err := s.Store.(importer.Records).Announce(t.Context(), importer.Import{
					Head: intake.Head{
						ID: announced, Object: intake.Object{Bucket: "uploads", Key: u.key, By: "jo"}, Via: audit.SourceAPI, At: noon,
					},
					File: "a.csv", State: importer.StateReceived, OnError: importer.OnErrorReject, Program: agreement.Program(""),
				}, once.Change{Event: audit.Event{ID: "e", At: noon}})
				must(t, err)
			}
			point := storetest.Save(t, s.engine, s.table)
			own := s.put(u)
			must(t, deliver(t.Context(), s.Importer, own))
			storetest.Restore(t, s.engine, s.table, point)

			fresh := s.importer(storetest.Endpoint(t))
			for _, event := range [][]byte{s.listed(own), own, s.listed(own)} {
				must(t, deliver(t.Context(), fresh, event))
			}
			page, err := fresh.Store.Imports(t.Context(), 10, "")
			must(t, err)
			if len(page.Items) != 1 || numbers(page.Items[0]) != "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 1 created, 0 extended" || page.Items[0].Attempt != 1 {
				t.Errorf("%+v", page.Items)
			}
			if announced != "" && page.Items[0].ID != announced {
				t.Errorf("%s is not the announced one", page.Items[0].ID)
			}
		})
	}
}
