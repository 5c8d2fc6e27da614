package vlsc

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"time"
)

// Entitlement is an entitlement of a pair, as in the contract.
type Entitlement struct {
	Pool       string `json:"pool,omitempty"`
	Family     string `json:"family"`
	Version    string `json:"version,omitempty"`
	Type       string `json:"type,omitempty"`
	Effective  int    `json:"effective"`
	ActiveSA   int    `json:"activeSa"`
	Unresolved int    `json:"unresolved,omitempty"`
	Start      string `json:"start,omitempty"`
	End        string `json:"end,omitempty"`
}

// key returns the form in which pairs are compared: without case, spaces and hyphens.
func (p Pair) key() string {
	return strings.NewReplacer(" ", "", "-", "").Replace(strings.ToUpper(p.Authorization + "+" + p.License))
}

// product is a product, with its versions, newest first.
type product struct {
	pool, family string
	versions     []string
	most         int  // maximum licenses of one pair
	subscription bool // without Software Assurance
}

var products = []product{
	{"Applications", "Office Professional Plus", []string{"2024", "2021", "2019", "2016"}, 900, false},
	{"Applications", "Office Standard", []string{"2024", "2021", "2019"}, 400, false},
	{"Applications", "Visio Professional", []string{"2021", "2019"}, 60, false},
	{"Applications", "Visio Standard", []string{"2021", "2019"}, 40, false},
	{"Applications", "Project Professional", []string{"2021", "2019"}, 50, false},
	{"Applications", "Project Standard", []string{"2021", "2016"}, 30, false},
	{"Applications", "Access", []string{"2021", "2016"}, 25, false},
	{"Applications", "Visual Studio Professional", []string{"2022", "2019"}, 40, false},
	{"Applications", "Microsoft 365 Apps for enterprise", []string{""}, 800, true},
	{"Systems", "Windows Enterprise", []string{"11", "10"}, 1200, false},
	{"Servers", "Windows Server Standard", []string{"2025", "2022", "2019"}, 40, false},
	{"Servers", "Windows Server Datacenter", []string{"2025", "2022"}, 12, false},
	{"Servers", "Windows Server - Device CAL", []string{"2022", "2019"}, 1200, false},
	{"Servers", "SQL Server Standard", []string{"2022", "2019", "2016"}, 16, false},
	{"Servers", "SQL Server Enterprise", []string{"2022", "2019"}, 8, false},
	{"Servers", "Exchange Server Standard", []string{"2019", "2016"}, 4, false},
}

// answerFor generates the answer for a pair, always the same for the same pair. About one
// in sixteen pairs is invalid.
func answerFor(p Pair) Answer {
	sum := sha256.Sum256([]byte(p.key()))
	r := rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:])))
	if r.IntN(16) == 0 {
		return Answer{Pair: p, State: "invalid", Reason: []string{"unknown", "unrelated", "no_access"}[r.IntN(3)]}
	}
	start := time.Date(2024+r.IntN(3), time.Month(1+r.IntN(12)), 1, 0, 0, 0, 0, time.UTC)
	end := start.AddDate(3, 0, -1)
	list := make([]Entitlement, 0, 6)
	for _, i := range r.Perm(len(products))[:1+r.IntN(6)] {
		chosen := products[i]
		e := Entitlement{
			Pool: chosen.pool, Family: chosen.family, Version: chosen.versions[r.IntN(len(chosen.versions))], Type: "License",
			Effective: 1 + r.IntN(chosen.most), Start: start.Format(time.DateOnly), End: end.Format(time.DateOnly),
		}
		switch {
		case chosen.subscription:
			e.Type = "Subscription"
		case r.IntN(3) > 0:
			e.Type, e.ActiveSA = "L&SA", e.Effective
		case r.IntN(4) == 0:
			e.Unresolved = 1 + r.IntN(5)
		}
		list = append(list, e)
	}
	return Answer{Pair: p, State: "valid", Entitlements: list}
}
