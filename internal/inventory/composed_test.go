package inventory_test

import (
	"strings"
	"testing"

	"trueup/internal/inventory"
)

// Columns are known by a word for software and a word for what they tell, in either order.
func TestR6_1_NamesOfColumnsInEitherOrder(t *testing.T) {
	t.Parallel()
	for _, names := range []string{
		"Naam software;Versie software;Uitgever software", "Benaming van de toepassing;Versie van de toepassing;Leverancier",
		"Titre du logiciel;Version de l'application;Fabricant du logiciel", "Name der Software;Version der Software;Hersteller der Software",
		"Software-Bezeichnung;Softwareversion;Softwarehersteller", "Nombre de la aplicación;Versión del programa;Fabricante del software",
		"Nome do software;Versão do programa;Fabricante do software", "Name of the program;Version of the program;Vendor of the program",
	} {
		tally, err := inventory.Read(t.Context(), strings.NewReader("PC;"+names+"\nPC1;Visio Professional 2019;16.0;Microsoft\n"), inventory.Options{Scratch: t.TempDir()})
		if err != nil {
			t.Errorf("%s: %v", names, err)
			continue
		}
		if want := (inventory.Title{Publisher: "Microsoft", Name: "Visio Professional 2019", Version: "16.0"}); len(tally.Titles) != 1 || tally.Titles[0].Title != want {
			t.Errorf("%s: %+v, want %+v", names, tally.Titles, want)
		}
	}
	for _, names := range []string{"Software del del del version", "Nombre de logiciels", "Licentie software"} {
		if _, err := inventory.Read(t.Context(), strings.NewReader("PC;"+names+"\nPC1;Visio\n"), inventory.Options{Scratch: t.TempDir()}); err == nil {
			t.Errorf("%s: it is read as a title", names)
		}
	}
}

// A device's column is known by a word for it and one for its name or id, in either order.
func TestR6_1_NamesOfDevicesInEitherOrder(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Naam PC", "PC-naam", "Naam van het apparaat", "Computernaam", "Naam werkplek", "Nom du PC", "Nom d'ordinateur", "Nom de l\u2019appareil", "Nom machine",
		"Name des Ger\u00e4ts", "Ger\u00e4tename", "Rechnername", "Bezeichnung des Rechners", "Name of device", "Name of the computer", "Nombre del PC", "Nombre equipo",
		"Nombre de la m\u00e1quina", "Nome do computador", "Ger\u00e4te-ID", "Apparaat-ID", "ID of the machine", "Identifiant de l'appareil",
	} {
		tally, err := inventory.Read(t.Context(), strings.NewReader(name+";Software;Version\nP1;Visio;16\nP2;Visio;16\n"), inventory.Options{Scratch: t.TempDir()})
		if err != nil || tally.Devices != 2 || tally.Estimated {
			t.Errorf("%s: %+v, %v", name, tally, err)
		}
	}
	for _, name := range []string{"Nombre de PC", "Nombre d'ordinateurs"} { // French: a number of them
		tally, err := inventory.Read(t.Context(), strings.NewReader("Logiciel;Version;"+name+"\nVisio;16;12\n"), inventory.Options{Scratch: t.TempDir()})
		if err != nil || tally.Devices != 12 || !tally.Estimated {
			t.Errorf("%s: %+v, %v", name, tally, err)
		}
	}
	for _, name := range []string{"Nom du client", "Name of owner", "PC type", "PC PC"} {
		if tally, err := inventory.Read(t.Context(), strings.NewReader(name+";Color;Software;Version\nP1;red;Visio;16\n"), inventory.Options{Scratch: t.TempDir()}); err == nil {
			t.Errorf("%s is read as a device: %+v", name, tally)
		}
	}
}
