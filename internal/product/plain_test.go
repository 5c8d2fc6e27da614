package product_test

import (
	"strings"
	"testing"

	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

// TestPaperFormsR5_0 checks names as price lists, resellers and people write them: "name = product",
// or "= ?" for a name that the dictionary does not know.
func TestPaperFormsR5_0(t *testing.T) {
	t.Parallel()
	d := builtin.Products()
	for publisher, list := range map[string]string{
		"Microsoft": `
			Exchange Server - Standard CAL = Exchange Server Standard CAL
			SharePoint Server - Standard CAL = SharePoint Server Standard CAL
			Windows Server CAL - 1 User CAL = Windows Server CAL User
			Windows Server - Device CAL 2022 = Windows Server CAL Device 2022
			Windows Server 2022 User CAL = Windows Server CAL User 2022
			WinSvrCAL 2022 SNGL OLP NL UsrCAL = Windows Server CAL User 2022
			Windows Server 2019 Client Access License (5 users) = Windows Server CAL User 2019
			RDS CAL = Remote Desktop Services CAL
			RDS 2022 CAL per device = Remote Desktop Services CAL Device 2022
			SQL CAL = SQL Server CAL
			ECAL = Enterprise CAL Suite
			Enterprise CAL Suite - User CAL ALNG LicSAPk MVL = Enterprise CAL Suite User
			Core CAL Suite = Core CAL Suite
			CAL suites Core CAL Suite = Core CAL Suite
			Core CAL Bridge for Office 365 = Core CAL Suite
			CoreCALBridgeO365FromSA ALNG SubsVL MVL Pltfrm PerUsr = Core CAL Suite
			Dynamics CRM Server CAL = Dynamics CRM CAL
			SQL Server Standard Core - 2 Core License Pack = SQL Server Standard
			SQLSvrStdCore 2022 SNGL OLP 2Lic NL CoreLic Qlfd = SQL Server Standard 2022
			Windows Server Datacenter 2022 16 Core = Windows Server Datacenter 2022
			WinSvrSTDCore 2022 SNGL OLP 16Lic NL CoreLic = Windows Server Standard 2022
			Windows Server Remote Desktop Services External Connector = Windows Server External Connector
			System Center Standard ML = System Center Standard
			User CAL = ?
			M365 E3 Unified FSA = Microsoft 365 E3
			M365E3 = Microsoft 365 E3
			O365E1 = Office 365 E1
			Microsoft 365 E3 (Unified) = Microsoft 365 E3
			Microsoft 365 E3 - 1 year = Microsoft 365 E3
			Microsoft 365 E3 Annual = Microsoft 365 E3
			Microsoft 365 E3 (annual commitment) = Microsoft 365 E3
			Microsoft 365 E5 NCE P1Y = Microsoft 365 E5
			Microsoft 365 Business Standard (NCE COM MTH) = Microsoft 365 Business Standard
			Microsoft 365 Business Premium Monthly = Microsoft 365 Business Premium
			Microsoft 365 E5 Add-on = Microsoft 365 E5
			Microsoft 365 E5 from SA = Microsoft 365 E5
			Microsoft 365 E5 Step-up from Microsoft 365 E3 = ?
			Microsoft 365 E5 from E3 StepUp = ?
			M365 E5 SASU = ?
			Office Professional Plus Step-up from Standard = ?
			Microsoft 365 E3 per user = Microsoft 365 E3
			Microsoft 365 E3 EDU = Microsoft 365 E3
			Office 365 E3 (12 months, for faculty) = Office 365 E3
			Power BI Pro subscription license = Power BI Pro
			Visual Studio Enterprise MSDN = Visual Studio Enterprise subscription
			Visual Studio Pro w/MSDN = Visual Studio Professional subscription
			VSProwMSDN ALNG LicSAPk MVL = Visual Studio Professional subscription
			Office Standard 2021 SNGL LTSC MVL = Office Standard 2021
			OfficeProPlus SNGL LicSAPk OLP NL = Office Professional Plus
			Office Professional Plus 2021 L&SA = Office Professional Plus 2021
			Office Professional Plus for Mac = Office for Mac Standard
			Visio Standard 2019 Lic/SA Pack OLP NL Gov = Visio Standard 2019
			VisioPro 2021 SNGL OLP NL Acdmc = Visio Professional 2021
			PrjctPro 2021 SNGL OLP NL w1PrjctSvrCAL = Project Professional 2021
			MS Office Home & Business 2021 ESD Eurozone = Office Home and Business 2021
			Windows 11 Pro Upgrade SA = Windows Pro 11
			DsktpEdu ALNG LicSAPk MVL = Desktop Education
			Professional Desktop Platform = Professional Desktop
			Windows 365 Business 2 vCPU 8 GB = Windows 365 Business
			Win Pro 11 FPP = Windows Pro 11
			WINENTperDVC ALNG UpgrdSAPk MVL wMDOP = Windows Enterprise
			Word 2021 for Mac = Office for Mac Word 2021
			M365 E5 Sec ShrdSvr ALNG SubsVL MVL PerUsr = Microsoft 365 E5 Security
			Windows Education SA = ?
			Office Professional Plus Software Assurance = ?
			OfficeProPlus ALNG SA MVL = ?
			OfficeProPlus ALNG SAPk OLP NL = ?
			Visio Standard 2019 - 2 year SA = ?
			Software Assurance for Office Standard = ?
			SQLSvrStdCore ALNG SA MVL 2Lic CoreLic = ?
			Office Professional Plus License & Software Assurance = Office Professional Plus
			Office Professional Plus License/Software Assurance Pack = Office Professional Plus
			Office Professional Plus with Software Assurance = Office Professional Plus
			Office Professional Plus mit SA = Office Professional Plus
			Office Standard 2021 + SA = Office Standard 2021
			Office Standard 2021 SA & License = Office Standard 2021
			Office Standard 2021 incl. SA = Office Standard 2021
			Office Standard 2021 w/o SA = Office Standard 2021
			OfficeStd ALNG LicSAPk MVL = Office Standard
			Office Standard License incl. 3 years SA = Office Standard
			Office 365 License = Office 365
			Windows 11 license = Windows 11
			Windows 10 10 licenses = Windows 10
			Windows 7 PCs = Windows 7
			Visio Plan 2 license = Visio Plan 2
			Visio Plan 2 10 licenses = Visio Plan 2
			Visio Plan 2 license only = Visio Plan 2
			Visio Plan 2 1 year = Visio Plan 2
			Project Plan 3 users = Project Plan 3
			Project Plan 3 5 users = Project Plan 3
			Microsoft 365 E3 users = Microsoft 365 E3
			Office 2019 5 users = Office 2019
			Office 365 E3 10 licenses = Office 365 E3
			Visio 5 licenses = Visio
			Visio 5 Lizenzen = Visio
			Visio Standard 2019 10 PCs = Visio Standard 2019
			Visio Standard 2019 for 10 users = Visio Standard 2019
			Visio Standard 2019 10-user = Visio Standard 2019
			Visio Standard 2019 10 license only = Visio Standard 2019
			Windows 11 Pro Upgrade = Windows Pro 11
			Office Professional Plus 2021 Upgrade = Office Professional Plus 2021
			Office Standard 2019 Upgrade from 2016 = Office Standard 2019
			Visio Professional 2019 Version upgrade from 2016 = Visio Professional 2019
			Visio Professional 2019 Upgrade von Visio Standard 2016 = Visio Professional 2019
			Upgrade to Visio Professional 2019 = Visio Professional 2019
			Office Standard 2021 trade-up = Office Standard 2021
			Visio = Visio
			Visio 2019 = Visio 2019
			Office = Office
			Windows Server = Windows Server
			Dyn365ForTeamMembers ShrdSvr ALNG SubsVL MVL PerUsr = Dynamics 365 Team Members
			Dyn365EEntTeamMembers = Dynamics 365 Team Members
			WinE3perUsr ALNG SubsVL MVL = Windows Enterprise E3
			WINE5perUsr = Windows Enterprise E5
			WINE3perDVC ALNG SubsVL MVL = Windows Enterprise
			Win10EntE3 User = Windows Enterprise E3
			Windows 10 ESU = Windows Extended Security Updates 10
			Win10ESU ALNG Yr1 = Windows Extended Security Updates 10
			Windows 10 Pro Extended Security Update year 1 = Windows Extended Security Updates 10
			Extended Security Updates for Windows Server 2012 = Windows Server Extended Security Updates 2012
			SQL Server 2014 Standard Extended Security Updates = SQL Server Extended Security Updates 2014
			Office 2016 Extended Security Updates = ?
			Microsoft 365 Family = Microsoft 365 for home
			Microsoft 365 Personal 1 year = Microsoft 365 for home
			Office Home & Business = Office Home and Business
			Office, Professional Plus 2021 = Office Professional Plus 2021
			Office, 2021 = Office 2021
		`,
		"Adobe": `
			Acrobat Pro for teams Multiple Platforms EU English Subscription New = Acrobat Pro
			Acrobat Pro DC for Teams - Level 1 - 12 months = Acrobat Pro DC
			Creative Cloud All Apps - 12 months renewal = Creative Cloud All Apps
			Acrobat = Acrobat
			Acrobat Standard 2020 Windows International English = Acrobat Standard 2020
			Acrobat Pro 11 licenses = Acrobat Pro XI
			Acrobat Pro XI 10 licenses = Acrobat Pro XI
			Acrobat XI Pro 3 users = Acrobat Pro XI
			Acrobat Pro 10 licenses = Acrobat Pro
			Acrobat Pro 25 licenses = Acrobat Pro
			Photoshop CS6 5 licenses = Photoshop CS6
			Acrobat Pro 2020 5 users = Acrobat Pro 2020
			Acrobat Pro 2020 Upgrade from Acrobat Pro 2017 = Acrobat Pro 2020
			Acrobat Pro 2020 Crossgrade = Acrobat Pro 2020
			Captivate (2019 Release) = Captivate 2019
			Adobe FrameMaker (2020 release) = FrameMaker 2020
		`,
		"VMware": `
			VMware Workstation 17 Pro license = Workstation Pro 17
			VMware vSphere Foundation = vSphere Foundation
			VMware vSphere 8 Enterprise Plus = vSphere Enterprise Plus 8
			VMware vSphere Enterprise Plus per CPU = vSphere Enterprise Plus
			VMware vSphere Essentials Plus Kit = vSphere Essentials Plus
			VMware Cloud Foundation 5 = Cloud Foundation 5
			VCF = Cloud Foundation
			VMware vSAN Advanced = vSAN
			Fusion 13 licenses = Fusion
			Workstation 17 Pro + Production SnS = Workstation Pro 17
			Workstation Pro Support and Subscription (SnS) 1 Year = ?
			Basic Support/Subscription for VMware Workstation 17 Pro = ?
			Production Support/Subscription for VMware vSphere 7 Standard for 1 year = ?
			vSphere Standard SnS = ?
		`,
		"Corel": `
			CorelDRAW Graphics Suite 2021 1 user = CorelDRAW Graphics Suite 2021
			Corel Draw 2021 1 user = CorelDRAW Graphics Suite 2021
			CorelDRAW Graphics Suite 2023 Perpetual License = CorelDRAW Graphics Suite 2023
			CorelDRAW Graphics Suite Perpetual License + Maintenance = CorelDRAW Graphics Suite
			CorelDRAW Graphics Suite 2021 Enterprise License = CorelDRAW Graphics Suite 2021
			CorelDRAW Graphics Suite 365-Day Subscription = CorelDRAW Graphics Suite
			CorelDRAW Graphics Suite Maintenance (1 Year) = ?
			CorelDRAW Graphics Suite X7 Upgrade = CorelDRAW Graphics Suite X7
		`,
		"Broadcom Inc.": `
			VMware vSphere Standard = vSphere Standard
			VMware Cloud Foundation (per core) = Cloud Foundation
			Symantec Endpoint Security Complete = Endpoint Protection
			Berth Planner = ?
		`,
		"IBM": `
			IBM Domino Enterprise Client Access License Authorized User = Domino CAL Enterprise
			IBM Domino Enterprise Server = Domino
			IBM Notes Authorized User = Notes
			IBM Notes Authorized User Annual SW Subscription & Support Renewal = ?
			IBM Notes Authorized User SW Subscription & Support Reinstatement 12 Months = ?
			IBM Notes Software Subscription and Support Renewal = ?
			IBM Notes Subscription & Support = ?
			IBM Notes Authorized User License + SW Subscription & Support 12 Months = Notes
		`,
		"HCL": `
			HCL Domino Complete Collaboration CCB Authorized User = Domino CAL Enterprise
		`,
		"TechSmith": `
			Snagit + Maintenance = Snagit
			Snagit 2023 with Maintenance = Snagit 2023
			Camtasia 2022 incl. 3 years Maintenance = Camtasia 2022
			Snagit Maintenance = ?
			Snagit Maintenance Renewal 1 year = ?
			Snagit Support & Maintenance Renewal = ?
			Snagit Maintenance and Support = ?
			Snagit + Support & Maintenance = Snagit
			Snagit License Maintenance Renewal = ?
			Snagit Licence + Maintenance = Snagit
			Maintenance for Snagit = ?
			Maintenance renewal for Camtasia 2022 = ?
			Snagit Upgrade Protection = ?
			Snagit with Upgrade Protection = Snagit
			Snagit Wartung = ?
			Snagit Softwarewartung 1 Jahr = ?
			Snagit Onderhoudscontract = ?
			Snagit onderhoud en support = ?
			Contrat de maintenance annuel Snagit = ?
			Snagit contrat de maintenance = ?
			Snagit mantenimiento = ?
			Snagit Renovação de manutenção = ?
		`,
		"win.rar GmbH": `
			WinRAR lifetime license = WinRAR
			WinRAR licence à vie = WinRAR
			WinRAR Dauerlizenz 5 Benutzer = WinRAR
			WinRAR 1 user lifetime = WinRAR
		`,
		"SAP": `
			SAP Plant Maintenance = ?
		`,
		"Dassault": `
			SOLIDWORKS Standard = SOLIDWORKS
			CATIA V5 = CATIA
		`,
		"Autodesk": `
			AutoCAD Maintenance Plan with Advanced Support Renewal = ?
			AutoCAD Maintenance Plan (1 year) = ?
			AutoCAD 2023 Subscription = AutoCAD 2023
			AutoCAD 2024 Commercial New Single-user ELD Annual Subscription = AutoCAD 2024
			AutoCAD LT - Single-user - 3 years = AutoCAD LT
			Design Suites AutoCAD Design Suite Premium 2014 = AutoCAD Design Suite Premium 2014
		`,
	} {
		for line := range strings.Lines(list) {
			written, want, found := strings.Cut(strings.TrimSpace(line), " = ")
			if !found {
				continue
			}
			name, version, _ := strings.Cut(written, ", ")
			m, ok := d.Licensed(publisher, name, version)
			got := strings.TrimSpace(m.Product.Name() + " " + m.Product.Version)
			if !ok {
				got = "?"
			}
			if got != want {
				t.Errorf("%s %q is %q by %q, want %q", publisher, written, got, m.Rule, want)
			}
		}
	}
}

// TestUnlistedAccessLicensesR8_2 checks licences that the dictionary does not know but that are not
// for PCs by their name.
func TestUnlistedAccessLicensesR8_2(t *testing.T) {
	t.Parallel()
	d := builtin.Products()
	for _, test := range []struct {
		publisher, name, version string
		want                     product.Metric
	}{
		{"Microsoft", "User CAL", "", product.MetricCAL},
		{"Microsoft", "Microsoft 365 E5 Step-up from Microsoft 365 E3", "", product.MetricService},
		{"Microsoft", "M365 E5 SASU", "", product.MetricService},
		{"Microsoft", "Office Professional Plus Software Assurance", "", product.MetricService},
		{"Microsoft", "Office Professional Plus", "Software Assurance", product.MetricService},
		{"Microsoft", "WINENTperDVC ALNG SA MVL Pltfrm", "", product.MetricService},
		{"", "Office Professional Plus SA", "", product.MetricService},
		{"Contoso", "Planner Software Assurance", "", product.MetricService},
		{"Contoso", "Planner with Software Assurance", "", ""},
		{"Contoso", "Planner SA", "", ""},
		{"Microsoft", "Contoso Server 2030 Device CAL", "", product.MetricCAL},
		{"Microsoft", "FutureSvrCAL ALNG LicSAPk MVL UsrCAL", "", product.MetricCAL},
		{"Microsoft", "Future Server Client Access Licence", "2030", product.MetricCAL},
		{"Microsoft", "Future Server External Connector", "", product.MetricServer},
		{"Microsoft", "Future Center Standard Client ML", "", product.MetricServer},
		{"Microsoft", "Future Server Standard Core", "2030", product.MetricCore},
		{"Microsoft", "Future Server - 2 Core License Pack", "", product.MetricCore},
		{"", "Future Server User CAL", "", product.MetricCAL},
		{"Contoso", "Planner Client Access License", "", product.MetricCAL},
		{"Contoso", "Planner CAL", "", ""},
		{"Microsoft", "Future Planner", "", ""},
		{"Microsoft", "Windows 10 IoT Core Services", "", ""},
	} {
		p := d.Named(test.publisher, test.name, test.version)
		row, ok := d.Of(p)
		switch {
		case test.want == "" && ok:
			t.Errorf("%s %s is by %s", test.publisher, test.name, row.Metric)
		case test.want != "" && (!ok || row.Metric != test.want):
			t.Errorf("%s %s: %+v, want a row by %s", test.publisher, test.name, row, test.want)
		case ok:
			if again, _ := d.Of(p); again != row {
				t.Errorf("%s has two rows", test.name)
			}
		}
		if named := d.Canonical(p); named != p {
			t.Errorf("%+v becomes %+v", p, named)
		}
	}
}

// TestUnknownNamesR5_0 checks names that the dictionary does not know: two that people read as one
// are one product.
func TestUnknownNamesR5_0(t *testing.T) {
	t.Parallel()
	d := builtin.Products()
	for _, same := range [][][3]string{
		{{"Zedco", "Zed Tool Pro 4", ""}, {"Zedco", "Zed Tool", "Pro 4"}, {"Zedco", "Zed Tool Pro", "4"}, {"Zedco", "Zed Tool Pro 4", "4.0"}, {"Zedco", "Zed Tool Pro 4", "Pro 4"}},
		{{"Zedco", "Zed", "5"}, {"Zedco", "Zed", "5.0"}, {"Zedco", "Zed 5.0.0", ""}, {"Zedco", "Zed V5", ""}, {"Zedco", "Zedco Zed 5", "5.0"}},
		{{"Zedco", "Zed 5", "5.2"}, {"Zedco", "Zed", "5.2"}, {"Zedco", "Zed 5.2", ""}},
		{{"Zedco", "Zed 1.2 beta", ""}, {"Zedco", "Zed", "1.2 beta"}, {"Zedco", "Zed", "1.2 Beta"}},
		{{"Zedco", "Zed 2019 Pro", ""}, {"Zedco", "Zed Pro", "2019"}, {"Zedco", "Zed Pro 2019", "2019.0"}},
		{{"Zedco Inc.", "Zed", ""}, {"Zedco, Inc", "Zed", ""}, {"Zedco", "Zedco Zed", ""}, {"Zedco GmbH & Co. KG", "Zed", ""}, {"The Zedco Company", "Zed", ""}, {"Zedco B.V.", "Zed", ""}, {"Zedco(R) S.A.", "Zed", ""}},
		{{"Microsoft Corporation", "Zed", "5"}, {"Microsoft", "Microsoft Zed", "5"}, {"Microsoft Corporation", "Microsoft Corporation Zed 5", ""}},
	} {
		want := d.Named(same[0][0], same[0][1], same[0][2])
		for _, n := range same {
			got := d.Named(n[0], n[1], n[2])
			if got != want {
				t.Errorf("%q is %+v, %q is %+v", n, got, same[0], want)
			}
			if again := d.Named(got.Publisher, got.Name(), got.Version); again != got {
				t.Errorf("%+v is named %+v", got, again)
			}
			if ruled := d.Ruled(product.Product{Publisher: n[0], Family: n[1], Version: n[2]}); ruled != got {
				t.Errorf("%q is %+v as a licence, and %+v as the product of a rule", n, got, ruled)
			}
		}
	}
	for _, other := range [][2][3]string{
		{{"Zedco", "Zed 2016", "16"}, {"Zedco", "Zed", "16"}},
		{{"Zedco", "Zed", "5"}, {"Zedco", "Zed", "5.0.1"}},
		{{"Zedco", "Zed", ""}, {"Zedware", "Zed", ""}},
	} {
		a, b := d.Named(other[0][0], other[0][1], other[0][2]), d.Named(other[1][0], other[1][1], other[1][2])
		if a == b {
			t.Errorf("%q and %q are both %+v", other[0], other[1], a)
		}
	}
}

// TestFamilyR8_2 checks the row of a licence that names only a family of several editions.
func TestFamilyR8_2(t *testing.T) {
	t.Parallel()
	d := builtin.Products()
	for name, want := range map[string]string{"Visual Studio": "microsoft-visual-studio-professional", "Office": "microsoft-office-professional-plus", "Visio": "microsoft-visio-professional"} {
		m, ok := d.Licensed("Microsoft", name, "2019")
		if !ok || m.Kind != product.KindUndecidable || m.Product.Edition != "" || m.Product.Version != "2019" {
			t.Errorf("%s is %+v by %q", name, m.Product, m.Rule)
			continue
		}
		candidates := strings.Join(m.Row.Candidates, " ")
		if !strings.Contains(candidates, want) {
			t.Errorf("%s may be %s, not %s", name, candidates, want)
		}
		if row, ok := d.Find(m.Row.ID); !ok || row != m.Row {
			t.Errorf("%s is not found by its id", m.Row.ID)
		}
	}
}
