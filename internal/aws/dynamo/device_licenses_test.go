package dynamo_test

import (
	"testing"
	"time"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/aws/dynamo"
	"trueup/internal/subscription"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// Members are read only for what depends on them: the beginning of a shortage, and devices in several groups.
func TestR10_UseCounts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	table := storetest.Table(t)
	proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
	defer proxy.Close()
	direct, s := dynamo.Open(storetest.Client(t), table), dynamo.Open(engine.NewClient(proxy.URL), table)
	for _, id := range []string{"pc1", "pc2"} {
		registerDevice(t, direct, id, id)
	}
	deviceGroup(t, direct, "in", []string{"pc1"}, nil)
	deviceGroup(t, direct, "flat", []string{"pc1", "pc2"}, nil)
	deviceGroup(t, direct, "nested", []string{"pc1", "pc2"}, []string{"in"})
	for group, subscriptionID := range map[string]string{"flat": "enough", "nested": "deep"} {
		forDevices(t, direct, subscriptionID, 2)
		must(t, assigning(ctx, direct, group, subscriptionID))
	}
	forDevices(t, direct, "free", 2)
	stored, err := direct.Subscriptions.Subscriptions(ctx)
	must(t, err)
	use := func(id string, quantity int) (subscription.Holding, int) {
		h := subscription.ByID(stored)[id]
		h.Seats.Quantity = quantity
		before := proxy.Operations()["BatchGetItem"]
		must(t, s.Devices.Use(ctx, []*subscription.Holding{&h}))
		return h, proxy.Operations()["BatchGetItem"] - before
	}
	for _, test := range []struct {
		id             string
		quantity, used int
		group          string
		reads          int
		joined         bool
	}{
		{"enough", 2, 2, "flat", 0, false},
		{"enough", 3, 2, "flat", 0, false},
		{"enough", 1, 2, "flat", 1, true},
		{"deep", 5, 2, "nested", 1, true},
		{"free", 2, 0, "", 0, false},
	} {
		h, reads := use(test.id, test.quantity)
		if h.Used() != test.used || h.Group != test.group || reads != test.reads {
			t.Errorf("%s with %d licences: %d devices of %q use it, %d reads of members", test.id, test.quantity, h.Used(), h.Group, reads)
		}
		if test.joined && !h.Joined[0].Equal(noon) {
			t.Errorf("%s with %d licences: %v", test.id, test.quantity, h.Joined)
		}
	}
	// The shortage that a smaller quantity begins is since the change, whether the moments were read or not.
	enough, _ := use("enough", 2)
	later := noon.Add(time.Hour)
	after, err := enough.WithQuantity(1, true, later)
	must(t, err)
	enough.Seats = after
	if found := enough.Conflicts(later, time.UTC); len(found) != 1 || !found[0].Since.Equal(later) {
		t.Errorf("%+v", found)
	}
}
