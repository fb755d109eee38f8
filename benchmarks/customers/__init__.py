"""Customer benchmarks on real data: recommendations, basket rules, and what the daily refresh costs at a million customers."""
