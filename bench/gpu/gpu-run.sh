#!/usr/bin/env bash
# Unpacks the kit that prepare.mjs made, and measures into $OUT:
#   OUT=results bash .gpu/c/gpu-run.sh [flags of run.mjs, such as --device cpu --rehearse]
# Folders a, b and c lie side by side. TO: where it is unpacked (default: /tmp/nightbeam-gpu), which needs
# 1 GB, and 16 GB more for the random targets. PYTHON: a Python with torch (default: python3).
set -euo pipefail
here=$(dirname "$(realpath "$0")")
out=$(realpath -m "${OUT:-results}")
to=$(realpath -m "${TO:-/tmp/nightbeam-gpu}")
python=${PYTHON:-python3}

if [ ! -e "$to/complete" ]; then
  mkdir -p "$to/pieces"
  for folder in a b c; do
    for piece in "$here/../$folder"/*.[0-9][0-9]; do
      if [ -e "$piece" ]; then ln -sf "$(realpath "$piece")" "$to/pieces/"; fi
    done
  done
  (cd "$to/pieces" && sha256sum --check --quiet "$here/SHA256SUMS")
  unxz() {
    if command -v xz > /dev/null; then xz -d; else
      "$python" -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.stdin.buffer), sys.stdout.buffer, 1 << 20)'
    fi
  }
  for part in app cuda files; do
    cat "$to/pieces/$part".* | unxz | tar x --no-same-owner -C "$to" &
  done
  wait -n && wait -n && wait -n
  touch "$to/complete"
fi

# The libraries of CUDA 13 come with torch.
libraries=$("$python" - << 'P' || true
import glob, os, sysconfig
site = sysconfig.get_paths()["purelib"]
found = glob.glob(site + "/nvidia/*/lib/lib*.so*") + glob.glob(site + "/nvidia/*/*/lib/lib*.so*")
print(":".join(sorted({os.path.dirname(path) for path in found})))
P
)
for folder in /usr/local/nvidia/lib64 /usr/local/nvidia/lib /usr/local/cuda/lib64; do
  if [ -d "$folder" ]; then libraries=$libraries:$folder; fi
done
export PATH="$to/gpu/bin:$PATH" LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export NVIDIA_TF32_OVERRIDE=0
files=$to/gpu/files
if [ -d "$files/data" ]; then set -- --data "$files/data" "$@"; fi
exec node "$to/gpu/app/bench/gpu/run.mjs" "$out" --work "$to/work" --python "$python" \
  --target "$files/target" --draft "$files/draft" --catalogue "$files/catalogue" \
  --golden "$files/golden" "$@"
