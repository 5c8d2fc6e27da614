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
