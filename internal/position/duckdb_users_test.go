package position

import (
	"math/rand/v2"
	"testing"
)

// usersLine is an input line of testdata/users.mjs.
type usersLine struct {
	Org   int `json:"org"`
	Users int `json:"users"` // licences
	PCs   int `json:"pcs"`   // licences
	User  int `json:"user"`  // PCs of a user
}

// usersRow is an output row of testdata/users.mjs.
type usersRow struct {
	Org     int `json:"org"`
	Needed  int `json:"needed"`
	Covered int `json:"covered"`
}

// TestDuckDBUsers compares what licences for users and for PCs cover together with DuckDB's SQL.
func TestDuckDBUsers(t *testing.T) {
	t.Parallel()
	const organisations = 200
	r := rand.New(rand.NewPCG(21, 2026))
	visio := Product{Publisher: "Microsoft", Family: "Visio Professional", Version: "2021"}
	var input []usersLine
	got := map[int]usersRow{}
	for org := range organisations {
		owned := usersLine{Org: org, Users: r.IntN(30), PCs: r.IntN(30)}
		input = append(input, owned)
		groups := map[int]int{}
		for range r.IntN(40) {
			pcs := 1 + r.IntN(1+r.IntN(14))
			groups[pcs]++
			input = append(input, usersLine{Org: org, User: pcs})
		}
		installed := Line{Product: visio}
		for pcs, users := range groups {
			installed.ByUser = append(installed.ByUser, UserPCs{PCs: pcs, Users: users})
			installed.Quantity += pcs * users
			installed.Users += users
		}
		licenses := []Line{
			{Product: Product{Publisher: "Microsoft", Family: "E3"}, Quantity: owned.Users, Source: Source{Kind: KindPair}},
			{Product: visio, Quantity: owned.PCs, Source: Source{Kind: KindPair}},
		}
		row := usersRow{Org: org}
		for _, computed := range Compute(small, licenses, []Line{installed}, Options{}) {
			row.Needed += computed.Needed
			row.Covered += computed.Covered
		}
		got[org] = row
	}
	var want []usersRow
	runDuckDB(t, "testdata/users.mjs", input, &want)
	if len(want) != organisations {
		t.Fatalf("DuckDB has %d organisations", len(want))
	}
	short := 0
	for _, w := range want {
		if got[w.Org] != w {
			t.Errorf("%+v; DuckDB has %+v", got[w.Org], w)
		}
		if w.Covered < w.Needed {
			short++
		}
	}
	if short < 20 || short > organisations-20 {
		t.Errorf("%d organisations are short: is the test still about something?", short)
	}
}
