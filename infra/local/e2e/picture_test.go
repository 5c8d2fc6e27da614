package e2e_test

import (
	"bytes"
	"cmp"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trueup/internal/access"
)

var makePictures = flag.Bool("pictures", false, "make the pictures of the README again")

const (
	pictures    = "../../../internal/docs/pictures"
	mostPicture = 200_000 // bytes
)

// TestPictures checks that the README shows the console in both themes, with pictures that are small. With -pictures it makes them
// from the overview of the demo.
func TestPictures(t *testing.T) {
	t.Parallel()
	if *makePictures {
		node := needBrowser(t)
		s := demo(t, "pictures")
		session, err := s.SignIn(t.Context(), "Jo Janssens", access.GlobalAdmin)
		must(t, err)
		folder := t.TempDir()
		command := exec.CommandContext(t.Context(), node, browserTests+"/picture.mjs", s.FrontURL, folder)
		command.Env = append(os.Environ(), "TRUEUP_SESSION="+session.Name+"="+session.Value)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		must(t, os.MkdirAll(pictures, 0o755))
		for _, theme := range []string{"light", "dark"} {
			name := "overview-" + theme + ".png"
			must(t, os.WriteFile(filepath.Join(pictures, name), fewerColours(t, filepath.Join(folder, name)), 0o644))
		}
	}
	readme, err := os.ReadFile("../../../README.md")
	must(t, err)
	for _, theme := range []string{"light", "dark"} {
		name := "overview-" + theme + ".png"
		if !strings.Contains(string(readme), "internal/docs/pictures/"+name) {
			t.Errorf("the README does not show %s", name)
		}
		file, err := os.ReadFile(filepath.Join(pictures, name))
		must(t, err)
		picture, err := png.DecodeConfig(bytes.NewReader(file))
		must(t, err)
		if picture.Width != 2560 || picture.Height != 1600 || len(file) > mostPicture {
			t.Errorf("%s has %d × %d pixels and %d bytes", name, picture.Width, picture.Height, len(file))
		}
	}
}

// fewerColours returns a picture as PNG with the 256 colours that it has most; others become the nearest of these. A page has
// few colours but for the edges of its letters.
func fewerColours(t *testing.T, file string) []byte {
	t.Helper()
	raw, err := os.Open(file)
	must(t, err)
	defer raw.Close()
	picture, err := png.Decode(raw)
	must(t, err)
	bounds, count := picture.Bounds(), map[color.RGBA]int{}
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA) }
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	var colours []color.RGBA
	for c := range count {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b color.RGBA) int {
		return cmp.Or(count[b]-count[a], cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, c := range colours[:min(len(colours), 256)] {
		palette = append(palette, c)
	}
	nearest := map[color.RGBA]uint8{}
	for _, c := range colours {
		nearest[c] = uint8(palette.Index(c))
	}
	smaller := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			smaller.SetColorIndex(x, y, nearest[at(x, y)])
		}
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	must(t, encoder.Encode(&b, smaller))
	return b.Bytes()
}
