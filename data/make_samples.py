"""Makes the samples in this folder again: python data/make_samples.py"""

from pathlib import Path

from sslbench.data.samples import NAMES, make

for name in sorted(NAMES):
    print(make(name, Path(__file__).parent))
