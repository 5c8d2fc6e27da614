package product_test

import (
	"strings"
	"testing"

	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

// TestLocalPaperNamesR5_0 checks names on licences in the languages of resellers: "name = product".
func TestLocalPaperNamesR5_0(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(`
		Office Thuisgebruik & Zelfstandigen 2019 = Microsoft Office Home and Business 2019
		Office Thuisgebruik en Studenten 2019 = Microsoft Office Home and Student 2019
		Office Professioneel 2010 = Microsoft Office Professional 2010
		Office Professioneel Plus 2016 = Microsoft Office Professional Plus 2016
		Office Famille & Petite Entreprise 2021 = Microsoft Office Home and Business 2021
		Office Hogar & Empresas 2021 = Microsoft Office Home and Business 2021
		Microsoft Project Standaard 2019 = Microsoft Project Standard 2019
		Project Professionnel 2021 = Microsoft Project Professional 2021
		Visio Estándar 2019 = Microsoft Visio Standard 2019
		Visio Padrão 2019 = Microsoft Visio Standard 2019
		Microsoft 365 Famille = Microsoft 365 for home
		Windows Server 2022 CAL Utilisateur = Microsoft Windows Server CAL User 2022
		Windows Server 2022 CAL par périphérique = Microsoft Windows Server CAL Device 2022
		Licence d'accès client Windows Server 2019 (5 utilisateurs) = Microsoft Windows Server CAL User 2019
		Windows Server 2019 Clientzugriffslizenz 5 Benutzer = Microsoft Windows Server CAL User 2019
		Windows Server 2019 5 Geräte-CALs = Microsoft Windows Server CAL Device 2019
		Windows Server 2019 gebruikers-CAL = Microsoft Windows Server CAL User 2019
		Windows Server 2019 client-toegangslicentie apparaat = Microsoft Windows Server CAL Device 2019
		Windows Server 2019 Licencia de acceso de cliente usuario = Microsoft Windows Server CAL User 2019
		Windows Server 2019 Licença de Acesso para Cliente utilizador = Microsoft Windows Server CAL User 2019
		Windows Server 2019 Licenza di accesso client utente = Microsoft Windows Server CAL User 2019
		Services Bureau à distance 2019 CAL Utilisateur = Microsoft Remote Desktop Services CAL User 2019
		Exchange Server 2019 Standard Benutzer-CAL = Microsoft Exchange Server Standard CAL User 2019
		SQL Server 2019 CAL de dispositivo = Microsoft SQL Server CAL Device 2019
		Skype Entreprise 2016 = Microsoft Skype for Business 2016
		Skype voor Bedrijven 2016 = Microsoft Skype for Business 2016
		CAL Utilisateur =
		Standaard =
	`) {
		name, want, found := strings.Cut(strings.TrimSpace(line), " =")
		if !found {
			continue
		}
		m, ok := builtin.Products().Licensed("Microsoft", name, "")
		if got := show(m.Product); got != strings.TrimSpace(want) || ok != (want != "") {
			t.Errorf("%s: %q by %q, want %q", name, got, m.Rule, want)
		}
	}
}

// TestLocalTitlesR6_5 checks titles with an edition in the language of Windows or Office for which no rule
// is written.
func TestLocalTitlesR6_5(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Microsoft Project Standaard 2019 - nl-nl":                   "Microsoft Project Standard 2019",
		"Microsoft Office Professioneel Plus 2013":                   "Microsoft Office Professional Plus 2013",
		"Microsoft Visio Padrão 2013":                                "Microsoft Visio Standard 2013",
		"Microsoft Office Thuisgebruik & Zelfstandigen 2010":         "Microsoft Office Home and Business 2010",
		"Microsoft Office Home and Business 2013 EuroZone Medialess": "Microsoft Office Home and Business 2013",
		"Microsoft Home & Student 2007 EuroZone":                     "Microsoft Office Home and Student 2007",
		"Microsoft Office Standard 2013 (Volume License)":            "Microsoft Office Standard 2013",
		"Microsoft Office Professional 2007 OEM":                     "Microsoft Office Professional 2007",
		"Microsoft OEM":                                              "",
		"Skype voor Bedrijven 2016 - nl-nl":                          "Microsoft Skype for Business 2016",
		"Skype Entreprise 2016":                                      "Microsoft Skype for Business 2016",
		"Skype Empresarial 2016 - es-es":                             "Microsoft Skype for Business 2016",
		"Microsoft Skype para Empresas 2016 - pt-br":                 "Microsoft Skype for Business 2016",
		"Stockroom Planner Standaard 2019":                           "",
		"Microsoft Stockroom Standaard 2019":                         "",
		"Microsoft Office Famille et Petites Entreprises 2013":       "Microsoft Office Home and Business 2013",
	} {
		m, _ := builtin.Load().Recognize(product.Title{Publisher: "Microsoft Corporation", Name: name})
		if got := show(m.Product); got != want {
			t.Errorf("%s is %q by %q, want %q", name, got, m.Rule, want)
		}
	}
}

// TestLocalAccessLicenseR8_3: a client access license of any publisher is none for a PC, in any language.
func TestLocalAccessLicenseR8_3(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Berth Server Client Access Licence", "Berth Server Licence d'accès client", "Berth Server Clientzugriffslizenzen", "Berth Server clienttoegangslicentie",
		"Berth Server licencias de acceso de cliente", "Berth Server Licença de acesso para cliente",
	} {
		row, ok := builtin.Products().Of(product.Product{Publisher: "Dockside Systems", Family: name})
		if !ok || row.Metric != product.MetricCAL {
			t.Errorf("%s: %+v", name, row)
		}
	}
	if row, ok := builtin.Products().Of(product.Product{Publisher: "Dockside Systems", Family: "CAL Calibration"}); ok {
		t.Errorf("%+v", row)
	}
}

// TestNotForPCsR8_3: what is bought for a licence, and what is licensed by core, is not compared with PCs.
func TestNotForPCsR8_3(t *testing.T) {
	t.Parallel()
	d := builtin.Products()
	for _, test := range []struct {
		publisher, name string
		want            product.Metric
	}{
		{"Microsoft", "Office 2016 Extended Security Updates", product.MetricService},
		{"Microsoft", "Windows 10 ESU", product.MetricService},
		{"TechSmith", "Snagit Maintenance", product.MetricService},
		{"Dockside Systems", "Berth Planner Maintenance Renewal (1 year)", product.MetricService},
		{"Dockside Systems", "Berth Planner Wartung 12 Monate", product.MetricService},
		{"Dockside Systems", "Berth Planner Support and Maintenance", product.MetricService},
		{"Dockside Systems", "Plant Wartung", ""},
		{"Dockside Systems", "Plant Maintenance Manager", ""},
		{"Dockside Systems", "Berth Planner with Maintenance", ""},
		{"VMware", "vSphere Standard", product.MetricCore},
		{"Broadcom", "VMware Cloud Foundation", product.MetricCore},
		{"IBM", "Domino Enterprise CAL", product.MetricCAL},
	} {
		row, ok := d.Of(d.Named(test.publisher, test.name, ""))
		if got := metricOf(row); got != test.want || ok != (test.want != "") {
			t.Errorf("%s %s: %q, want %q", test.publisher, test.name, got, test.want)
		}
	}
}

func metricOf(row *product.Row) product.Metric {
	if row == nil {
		return ""
	}
	return row.Metric
}

// TestMaintenanceR8_3: maintenance alone is no licence, whatever the column that says so.
func TestMaintenanceR8_3(t *testing.T) {
	t.Parallel()
	d := builtin.Products()
	for _, test := range []struct {
		publisher, name, version string
		isService                bool
	}{
		{"TechSmith", "Snagit", "Maintenance", true},
		{"TechSmith", "Snagit", "Maintenance Renewal", true},
		{"TechSmith", "Snagit", "2023", false},
		{"TechSmith", "Snagit", "2023 with Maintenance", false},
		{"Autodesk", "AutoCAD", "Maintenance Plan", true},
		{"Autodesk", "AutoCAD Maintenance Plan with Advanced Support Renewal", "", true},
		{"VMware", "Production Support/Subscription for VMware vSphere 7 Standard", "", true},
		{"SAP", "SAP Plant Maintenance", "", false},
		{"SAP", "Plant Maintenance", "", false},
		{"Dockside Systems", "Maintenance for Berths", "", false},
		{"Dockside Systems", "Berth Planner Subscription & Support", "", false},
		{"Dockside Systems", "Berth Planner Subscription & Support Reinstatement", "", true},
	} {
		row, _ := d.Of(d.Named(test.publisher, test.name, test.version))
		if got := metricOf(row) == product.MetricService; got != test.isService {
			t.Errorf("%s, %s, %s: a service: %t, want %t", test.publisher, test.name, test.version, got, test.isService)
		}
	}
}
