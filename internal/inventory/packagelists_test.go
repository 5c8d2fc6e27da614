package inventory_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/errs"
	"trueup/internal/inventory"
)

// TestR6_1_ListsOfPackageManagers: the message says what the list is.
func TestR6_1_ListsOfPackageManagers(t *testing.T) {
	t.Parallel()
	const desired = "Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n"
	for file, want := range map[string]string{
		desired + "||/ Name           Version      Architecture Description\n+++-==============-============-============-=================\nii  adduser        3.134        all          add and remove users\n": "inventory_linux dpkg",
		"ii  adduser        3.134        all          add and remove users\nrc  foo:i386       1.0-2        i386         a tool\n":                                                                                "inventory_linux dpkg",
		"accountsservice\t23.13.9-2\nadduser\t3.134\nlibc6:amd64\t2.36-9+deb12u4\nremoved\t\n":                                                                                                                    "inventory_linux dpkg",
		"Package: adduser\nStatus: install ok installed\nPriority: important\nVersion: 3.134\n\nPackage: apt\nStatus: install ok installed\nVersion: 2.6.1\n":                                                     "inventory_linux dpkg",
		"Listing... Done\nadduser/stable,now 3.134 all [installed]\napt/stable,now 2.6.1 amd64 [installed]\n":                                                                                                     "inventory_linux apt",
		"bash-5.1.8-6.el9.x86_64\ngpg-pubkey-3228467c-613798eb\ntzdata-2024a-1.el9.noarch\n":                                                                                                                      "inventory_linux rpm",
		"Name        : bash\nVersion     : 5.1.8\nRelease     : 6.el9\nSource RPM  : bash-5.1.8-6.el9.src.rpm\n":                                                                                                  "inventory_linux rpm",
		"Installed Packages\nbash.x86_64            5.1.8-6.el9         @anaconda\n":                                                                                                                              "inventory_linux dnf",
		"musl-1.2.4-r2\nbusybox-1.36.1-r15\n":                                                                                   "inventory_linux apk",
		"musl-1.2.4-r2 x86_64 {musl} (MIT) [installed]\n":                                                                       "inventory_linux apk",
		"acl 2.3.1-3\nbash 5.2.026-2\nca-certificates 20220905-1\n":                                                             "inventory_linux pacman",
		"Name            : acl\nVersion         : 2.3.1-3\nDepends On      : glibc\n":                                           "inventory_linux pacman",
		"Name    Version  Rev    Tracking       Publisher    Notes\ncore20  2023     2105   latest/stable  canonical**  base\n": "inventory_linux snap",
		"openssl@3 3.2.0_1\npython@3.12 3.12.1 3.12.0\nwget 1.21.4\n":                                                           "inventory_packages brew",
		"Chocolatey v2.2.2\n7zip 24.8.0\nvscode 1.2.3\n2 packages installed.\n":                                                 "inventory_packages choco",
		"7zip 24.8.0\n1 packages installed.\n":                                                                                  "inventory_packages choco",
		"7zip|24.8.0\r\nvscode|1.2.3\r\nfoo.install|1.0.0-beta+2\r\n":                                                           "inventory_packages choco",
		"visio\t16\nword\t15\n": "inventory_format ",
	} {
		for _, file := range []string{file, wide(file, true), file + strings.Repeat(file[strings.LastIndexByte(strings.TrimSpace(file), '\n')+1:], 500)} {
			_, err := inventory.Read(t.Context(), strings.NewReader(file), inventory.Options{Scratch: t.TempDir()})
			if e := errs.As(err); e == nil || e.Code+" "+e.Args["tool"] != want {
				t.Errorf("%.80q: %v, want %s", file, err, want)
			}
		}
	}
	for _, file := range []string{ // what is like them is read
		"Name|Version|Publisher\nvisio|16|Microsoft\n",
		"name\tversion\tvendor\nvisio\t16.0-1\tx\n",
		"Name       : Visio\nVersion    : 16\nVendor     : Microsoft\nSource     : C:\\x\n",
		"Name    Vendor     Version\nvisio   microsoft  16\n",
		"Computer,Package,Version\nA,bash-5.1.8-6.el9.x86_64,1\n",
	} {
		if tally, err := inventory.Read(t.Context(), strings.NewReader(file), inventory.Options{Scratch: t.TempDir()}); err != nil || tally.Devices != 1 {
			t.Errorf("%q: %v, %+v", file, err, tally)
		}
	}
	// Beside other lists in an archive, it is a bad file and the others count.
	got := note(read(t, archive(t, file{"PC1.csv", "Name,Version,Publisher\nVisio,16,Microsoft\n"}, file{"server.txt", "bash-5.1.8-6.el9.x86_64\n"})))
	if diff := cmp.Diff(noted{inventory.Table, 1, list("Visio 16: 1"), list("0 inventory_row_file"), nil}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestR6_1_ProvidersOfGetPackage: modules, libraries and updates are no programs.
func TestR6_1_ProvidersOfGetPackage(t *testing.T) {
	t.Parallel()
	left := list("packages 1 chocolatey", "packages 1 msu", "packages 1 nuget", "packages 2 powershellget")
	for name, file := range map[string]string{
		"CSV": "Name,Version,Source,ProviderName\nVisio,16,,Programs\nWord,16,,msi\nPester,5,x,PowerShellGet\nAz,1,x,PowerShellGet\nNewtonsoft.Json,13,x,NuGet\nKB1,,,msu\nvscode,1,,Chocolatey\nExcel,16,,\n",
		"JSON": `[{"Name":"Visio","Version":"16","ProviderName":"Programs"},{"Name":"Word","Version":"16","ProviderName":"msi"},{"Name":"Pester","Version":"5","ProviderName":"PowerShellGet"},` +
			`{"Name":"Az","Version":"1","ProviderName":"PowerShellGet"},{"Name":"Newtonsoft.Json","Version":"13","ProviderName":"NuGet"},{"Name":"KB1","Version":"","ProviderName":"msu"},` +
			`{"Name":"vscode","Version":"1","ProviderName":"Chocolatey"},{"Name":"Excel","Version":"16","ProviderName":""}]`,
		"Format-Table": "\nName                 Version  Source      ProviderName\n----                 -------  ------      ------------\nVisio                16                   Programs\nWord                 16                   msi\n" +
			"Pester               5        x           PowerShellGet\nAz                   1        x           PowerShellGet\nNewtonsoft.Json      13       x           NuGet\n" +
			"KB1                                       msu\nvscode               1                    Chocolatey\nExcel                16\n",
	} {
		want := noted{inventory.PowerShell, 1, list("Excel 16: 1", "Visio 16: 1", "Word 16: 1"), nil, left}
		if diff := cmp.Diff(want, note(read(t, file))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
