set -e
mkdir -p out
rustc --edition 2021 -O -o out/server server.rs
cp probe.sh out/probe
chmod +x out/probe
