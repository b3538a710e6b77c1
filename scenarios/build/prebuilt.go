package build

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// prebuiltDir is the folder beside the dtbench executable that a release puts
// the programs in.
const prebuiltDir = "functions"

const manifestName = "manifest.json"

// manifest lists the programs of a release.
type manifest struct {
	Origin
	GOOS     string            `json:"goos"`
	GOARCH   string            `json:"goarch"`
	Programs map[string]string `json:"programs"` // name → SHA-256, hex
}

// prebuilt finds the programs beside the executable in dir. It returns an
// os.ErrNotExist where there is no manifest.
func prebuilt(dir string, programs []Program) (place, error) {
	p := place{dir: filepath.Join(dir, prebuiltDir), unlock: func() {}}
	path := filepath.Join(p.dir, manifestName)
	data, err := os.ReadFile(path)
	if err != nil {
		return place{}, err
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return place{}, fmt.Errorf("%s: %w", path, err)
	}
	if m.GOOS != runtime.GOOS || m.GOARCH != runtime.GOARCH {
		return place{}, fmt.Errorf("%s: the prebuilt functions are for %s/%s, this is %s/%s", path, m.GOOS, m.GOARCH, runtime.GOOS, runtime.GOARCH)
	}
	p.hashes, p.origin = m.Programs, m.Origin
	for _, program := range programs {
		if m.Programs[program.Name] == "" {
			return place{}, fmt.Errorf("%s: no prebuilt %s; unpack the whole release", path, program.Name)
		}
	}
	return p, nil
}

// WriteManifest makes dir, which holds exactly the binaries, the prebuilt
// folder of a release.
func WriteManifest(dir string, origin Origin, binaries map[string]Binary) error {
	m := manifest{Origin: origin, GOOS: runtime.GOOS, GOARCH: runtime.GOARCH, Programs: map[string]string{}}
	for name, b := range binaries {
		m.Programs[name] = b.SHA256
	}
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, manifestName), append(data, '\n'), 0o644)
}
