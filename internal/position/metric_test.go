package position

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

// TestR8_2_LicencesByMetric: licences for cores, processors and servers of one product are told apart.
func TestR8_2_LicencesByMetric(t *testing.T) {
	t.Parallel()
	d, today := builtin.Products(), day.Calendar{Today: "2026-11-28"}
	var lines []Line
	for _, e := range []entitlement.Entitlement{
		{Family: "SQL Server Standard - 2 Core License Pack", Version: "2019", Effective: 8},
		{Family: "SQL Server Standard Core", Version: "2019", Effective: 4},
		{Family: "SQLSvrStdCore", Version: "2019", Effective: 2},
		{Family: "SQL Server Standard", Version: "2019", Effective: 3},
		{Family: "SQL Server Standard per Processor", Version: "2019", Effective: 1},
		{Family: "SQL Server Standard per Server", Version: "2019", Effective: 6},
		{Family: "SQL Server Standard 2-Core Pack", Version: "2019", Effective: 5},
		{Family: "SQL Server Standard 2Proc", Version: "2019", Effective: 1},
		{Family: "SQL Server Standard 4 Processors", Version: "2019", Effective: 1},
		{Family: "SQL Server 2019 Standard Core", Effective: 1},
		{Family: "SQLSvrStdCore 2019 SNGL LicSAPk MVL 2Lic CoreLic", Effective: 10},
		{Family: "Windows Server Standard 16-Core Pack", Version: "2019", Effective: 2},
		{Family: "WinSvrSTDCore 2019 SNGL OLP 16Lic CoreLic", Effective: 3},
		{Family: "Windows Server Standard 2 Core License Pack", Version: "2019", Effective: 4},
		{Family: "Windows Server Datacenter 2Proc", Version: "2012 R2", Effective: 6},
		{Family: "Windows Server Datacenter 2 Prozessoren", Version: "2012", Effective: 6},
		{Family: "Windows Server Datacenter", Version: "2022", Effective: 16},
		{Family: "Exchange Server Standard", Version: "2019", Effective: 7},
		{Family: "Visio Standard", Version: "2019", Effective: 5},
	} {
		line, _ := Entitled(d, e, Source{Kind: KindStatement, ID: e.Family}, "", today)
		lines = append(lines, line)
	}
	bought, _ := Bought(d, agreement.Agreement{ID: "a", Type: agreement.TypeOther, Terms: agreement.Terms{
		Publisher: "Microsoft", ProductTitle: "SQL Server Standard 2 Core 2019", Licenses: 16,
	}}, today)
	got := map[string][]Quantity{}
	for _, r := range Compute(d, append(lines, bought), nil, Options{}) {
		got[r.Product.Name()+" "+r.Product.Version] = r.Quantities
	}
	want := map[string][]Quantity{
		"SQL Server Standard 2019": {
			{product.MetricCore, 0, 7}, {product.MetricCore, 2, 39}, {MetricProcessor, 0, 1}, {MetricProcessor, 2, 1}, {MetricProcessor, 4, 1}, {product.MetricServer, 0, 6}, {MetricUnknown, 0, 3},
		},
		"Windows Server Standard 2019":      {{product.MetricCore, 2, 4}, {product.MetricCore, 16, 5}},
		"Windows Server Datacenter 2012 R2": {{MetricProcessor, 2, 6}},
		"Windows Server Datacenter 2012":    {{MetricProcessor, 2, 6}},
		"Windows Server Datacenter 2022":    {{MetricUnknown, 0, 16}},
		"Exchange Server Standard 2019":     {{product.MetricServer, 0, 7}},
		"Visio Standard 2019":               {{product.MetricDevice, 0, 5}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
