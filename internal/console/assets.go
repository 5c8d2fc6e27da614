package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"sync"
)

// assetsPath is the path of assets. Below it comes the hash of all of them, so that a browser keeps each
// for as long as it likes, and fetches it again after a deployment that changes one.
const assetsPath = "/console/assets/"

//go:embed static
var static embed.FS

// assets returns the content of each file by name, and the hash of all.
var assets = sync.OnceValues(func() (files map[string][]byte, hash string) {
	files = map[string][]byte{}
	sum := sha256.New()
	entries, err := static.ReadDir("static")
	for _, entry := range entries {
		if files[entry.Name()], err = static.ReadFile("static/" + entry.Name()); err != nil {
			break
		}
		sum.Write([]byte(entry.Name()))
		sum.Write(files[entry.Name()])
	}
	if err != nil {
		panic(err) // the files are in the program
	}
	return files, hex.EncodeToString(sum.Sum(nil))[:16]
})

// assetURL returns the address of an asset.
func assetURL(name string) string {
	_, hash := assets()
	return assetsPath + hash + "/" + name
}

// icons is the address of the sprite, with which the name of an icon makes an address.
var icons = sync.OnceValue(func() string { return assetURL("icons.svg") + "#" })

// types maps the extensions of assets to media types.
var types = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// asset responds with an asset. An old hash, of a page that was open during a deployment, gets the asset of
// now, which is not to be kept under that address.
func asset(w http.ResponseWriter, r *http.Request) {
	files, hash := assets()
	name := r.PathValue("name")
	content, ok := files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", types[path.Ext(name)])
	h.Set("Vary", "Accept-Encoding")
	if r.PathValue("hash") == hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	compressed(w, r, http.StatusOK, content)
}
