package inventory_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/inventory"
)

// TestR6_1_Exports reads the columns that systems export. Each file has Visio 16 on the PCs A and B,
// or as many as it counts, or on the PC of the file.
func TestR6_1_Exports(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file string
		want inventory.Shape
		pcs  int
	}{
		"PDQ Inventory":                   {"Computer Name,Application Name,Application Version,Application Publisher,Application Install Date\nA,Visio,16,Microsoft,1\nB,Visio,16,Microsoft,1\n", inventory.Table, 2},
		"GLPI's list":                     {"\"Name\";\"Entity\";\"Publisher\";\"Versions - Name\";\"Number of installations\"\n\"Visio\";\"Root\";\"Microsoft\";\"16\";\"2\"\n", inventory.Table, 2},
		"GLPI's list in French":           {"Nom;Entité;Éditeur;Versions - Nom;Nombre d'installations\nVisio;Racine;Microsoft;16;2\n", inventory.Table, 2},
		"OCS in French":                   {"Machine;Utilisateur;Nom logiciel;Version;Éditeur\nA;x;Visio;16;Microsoft\nB;x;Visio;16;Microsoft\n", inventory.Table, 2},
		"ManageEngine Endpoint Central":   {"Computer Name,Domain Name,Software Name,Software Version,Manufacturer,Installed Date,Access Type\nA,D,Visio,16,Microsoft,1,x\nB,D,Visio,16,Microsoft,1,x\n", inventory.Table, 2},
		"ManageEngine AssetExplorer":      {"Workstation,Software,Version,Manufacturer,Site\nA,Visio,16,Microsoft,x\nB,Visio,16,Microsoft,x\n", inventory.Table, 2},
		"NinjaOne":                        {"Organization,Location,System Name,Name,Publisher,Version,Installed On,Size\nO,L,A,Visio,Microsoft,16,1,2\nO,L,B,Visio,Microsoft,16,1,2\n", inventory.Table, 2},
		"NinjaOne, by display name":       {"Organization,Display Name,Software,Publisher,Version\nO,A,Visio,Microsoft,16\nO,B,Visio,Microsoft,16\n", inventory.Table, 2},
		"Action1":                         {"Endpoint Name,Application Name,Version,Vendor,Install Date\nA,Visio,16,Microsoft,1\nB,Visio,16,Microsoft,1\n", inventory.Table, 2},
		"Tanium":                          {"Computer Name,Name,Version,Silent Uninstall String,Uninstallable,Count\nA,Visio,16,x,Yes,1\nB,Visio,16,[no results],Yes,1\n", inventory.Table, 2},
		"Tanium, counted":                 {"Name,Version,Silent Uninstall String,Uninstallable,Count\nVisio,16,x,Yes,2\n", inventory.Table, 2},
		"Jamf":                            {"Computer Name,Application Title,Application Version,Operating System\nA,Visio,16,Windows\nB,Visio,16,Windows\n", inventory.Table, 2},
		"Configuration Manager, SYS.Name": {"Name0,DisplayName0,Version0,Publisher0\nA,Visio,16,Microsoft\nB,Visio,16,Microsoft\n", inventory.ConfigMgr, 2},
		"Configuration Manager, v_GS_INSTALLED_SOFTWARE": {"ResourceID,ARPDisplayName0,ProductName0,ProductVersion0,Publisher0\n1,Visio,Foo,16,Microsoft\n2,Visio,Foo,16,Microsoft\n", inventory.ConfigMgr, 2},
		"Configuration Manager, categorised":             {"ResourceID,NormalizedName,NormalizedVersion,NormalizedPublisher,FamilyName\n1,Visio,16,Microsoft,x\n2,Visio,16,Microsoft,x\n", inventory.ConfigMgr, 2},
		"CMPivot":                                        {"Device,ProductName,ProductVersion,Publisher\nA,Visio,16,Microsoft\nB,Visio,16,Microsoft\n", inventory.Table, 2},
		"Intune's portal":                                {"Application name,Application publisher,Application version,Platform,Device count\nVisio,Microsoft,16,Windows,2\n", inventory.AppInvAggregate, 2},
		"Intune, of one device":                          {"ApplicationName,ApplicationVersion,ApplicationPublisher,Platform\nVisio,16,Microsoft,Windows\n", inventory.Table, 1},
		"Defender":                                       {"DeviceId,DeviceName,OSPlatform,OSVersion,SoftwareVendor,SoftwareName,SoftwareVersion\nd1,A,Windows11,10,microsoft,Visio,16\nd2,B,Windows11,10,microsoft,Visio,16\nd3,C,macOS,10,microsoft,Visio,16\n", inventory.Table, 2},
		"Spiceworks":                                     {"Device Name,Software Name,Vendor,Version\nA,Visio,Microsoft,16\nB,Visio,Microsoft,16\n", inventory.Table, 2},
		"Spiceworks, counted":                            {"Software Name,Vendor,Version,Install Count\nVisio,Microsoft,16,2\n", inventory.Table, 2},
		"Kaseya":                                         {"Machine ID,Product Name,Version,Manufacturer\nA,Visio,16,Microsoft\nB,Visio,16,Microsoft\n", inventory.Table, 2},
		"Kaseya, with files":                             {"Machine ID,Application,Product Name,Version,Manufacturer\npc-a.root,visio.exe,Visio,16,Microsoft\npc-b.root,visio.exe,Visio,16,Microsoft\n", inventory.Table, 2},
		"a type of device":                               {"Device Name,Device Type,Software Name,Version\nA,Windows,Visio,16\nB,Workstation,Visio,16\nC,MAC,Visio,16\nD,Mac,Visio,16\nE,MacBook Pro,Visio,16\nF,iPhone,Visio,16\n", inventory.Table, 2},
		"Configuration Manager, instances":               {"Software Title,Publisher,Version,Instances\nVisio,Microsoft,16,2\n", inventory.Table, 2},
		"Lansweeper, counted":                            {"Software,Version,Publisher,Total\nVisio,16,Microsoft,2\n", inventory.Table, 2},
		"ManageEngine, counted":                          {"Software Name,Software Version,Manufacturer,Network Installations,Managed Installations\nVisio,16,Microsoft,2,1\n", inventory.Table, 2},
		"ManageEngine, copies":                           {"Software Name,Version,Manufacturer,Installed Copies,Purchased\nVisio,16,Microsoft,2,5\n", inventory.Table, 2},
		"Spiceworks, # of installs":                      {"Name,Version,Publisher,# of Installs\nVisio,16,Microsoft,2\n", inventory.Table, 2},
		"OCS, counted":                                   {"Publisher;Name;Version;Nbr\nMicrosoft;Visio;16;2\n", inventory.Table, 2},
		"GLPI, several kinds":                            {"\"Computers - Name\";\"Software - Name\";\"Software - Version\"\n\"A\";\"Visio\";\"16\"\n\"B\";\"Visio\";\"16\"\n", inventory.Table, 2},
		"Ivanti":                                         {"Device Name,Add or Remove Programs - Name,Add or Remove Programs - Version\nA,Visio,16\nB,Visio,16\n", inventory.Table, 2},
		"Ivanti, packages":                               {"Device Name,Software Package - Name,Software Package - Version\nA,Visio,16\nB,Visio,16\n", inventory.Table, 2},
		"Tanium, columns of a sensor":                    {"Computer Name,Installed Applications - Name,Installed Applications - Version,Count\nA,Visio,16,1\nB,Visio,16,1\n", inventory.Table, 2},
		"BigFix":                                         {"Computer Name,Installed Software Name,Installed Software Version\nA,Visio,16\nB,Visio,16\n", inventory.Table, 2},
		"Wazuh":                                          {"agent.name,package.name,package.version,package.vendor\nA,Visio,16,Microsoft\nB,Visio,16,Microsoft\n", inventory.Table, 2},
		"Automox":                                        {"Device,Package,Version,Installed\nA,Visio,16,Yes\nB,Visio,16,Yes\n", inventory.Table, 2},
		"Workspace ONE":                                  {"Device Friendly Name,App Name,Version,Platform\nA,Visio,16,Windows\nB,Visio,16,Windows\n", inventory.Table, 2},
		"ServiceNow":                                     {"Installed on,Display name,Publisher,Version,Discovery model\nA,Visio,Microsoft,16,x\nB,Visio,Microsoft,16,x\n", inventory.Table, 2},
		"N-central":                                      {"Customer,Device Name,Application Name,Application Version,Publisher\nC,A,Visio,16,Microsoft\nC,B,Visio,16,Microsoft\n", inventory.Table, 2},
		"Qualys":                                         {"Asset Name,Asset ID,Software Name,Publisher,Version\nA,1,Visio,Microsoft,16\nB,2,Visio,Microsoft,16\n", inventory.Table, 2},
		"baramundi":                                      {"Endpunkt;Software;Version;Hersteller\nA;Visio;16;Microsoft\nB;Visio;16;Microsoft\n", inventory.Table, 2},
		"Spanish":                                        {"Nombre del equipo;Nombre;Versión;Editor\nA;Visio;16;Microsoft\nB;Visio;16;Microsoft\n", inventory.Table, 2},
		"Spanish, counted":                               {"Programa;Versión;Fabricante;Cantidad\nVisio;16;Microsoft;2\n", inventory.Table, 2},
		"Portuguese":                                     {"Computador;Programa;Versão;Fabricante\nA;Visio;16;Microsoft\nB;Visio;16;Microsoft\n", inventory.Table, 2},
		"French, counted":                                {"Logiciel;Version;Éditeur;Nombre\nVisio;16;Microsoft;2\n", inventory.Table, 2},
		"Datto":                                          {"Device Hostname;Software Name;Software Version\nA;Visio;16\nB;Visio;16\n", inventory.Table, 2},
		"Atera":                                          {"Agent Name,Software Name,Version,Publisher\nA,Visio,16,Microsoft\nB,Visio,16,Microsoft\n", inventory.Table, 2},
		"Snow":                                           {"Computer name\tApplication name\tManufacturer\tApplication version\nA\tVisio\tMicrosoft\t16\nB\tVisio\tMicrosoft\t16\n", inventory.Table, 2},
		"Flexera":                                        {"Inventory device,Product,Version,Publisher\nA,Visio,16,Microsoft\nB,Visio,16,Microsoft\n", inventory.Table, 2},
		"UninstallView":                                  {"Display Name\tRegistry Name\tDisplay Version\tPublisher\tUninstall String\nVisio\tVISIO\t16\tMicrosoft\tx\n", inventory.PowerShell, 1},
		"Get-WinGetPackage":                              {"\"Name\",\"Id\",\"InstalledVersion\",\"IsUpdateAvailable\",\"Source\",\"AvailableVersions\"\n\"Visio\",\"x\",\"16\",\"False\",\"winget\",\"\"\n", inventory.Winget, 1},
		"Get-CimInstance Win32_Product":                  {"\"Name\",\"Caption\",\"Vendor\",\"Version\",\"IdentifyingNumber\",\"PSComputerName\"\n\"Visio\",\"Visio\",\"Microsoft\",\"16\",\"{1}\",\"A\"\n\"Visio\",\"Visio\",\"Microsoft\",\"16\",\"{1}\",\"B\"\n", inventory.PowerShell, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := note(read(t, test.file))
			want := noted{test.want, test.pcs, list("Visio 16: " + string(rune('0'+test.pcs))), nil, nil}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for name, file := range map[string]string{
		"Snipe-IT's licences": "Software Name,Version,Product Key,Expiration Date,Manufacturer,Total,Avail\nVisio,16,x,2026-11-28,Microsoft,5,1\n",
		"Snipe-IT's assets":   "Asset Tag,Asset Name,Serial,Model,Status,Location\n1,A,x,Latitude,Ready,BRU\n",
		"Defender's summary":  "Name,OS platform,Vendor,Weaknesses,Threats,Exposed devices\nvisio,Windows,microsoft,1,0,3\n",
		"choco list":          "7zip 24.8.0\nvscode 1.2.3\n2 packages installed.\n",
		"winget export":       `{"Sources":[{"Packages":[{"PackageIdentifier":"7zip.7zip"}]}]}`,
	} {
		if tally, err := inventory.Read(t.Context(), strings.NewReader(file), inventory.Options{Scratch: t.TempDir()}); tally != nil || err == nil {
			t.Errorf("%s is read: %+v", name, tally)
		}
	}
}
