"""`make bench-replenishment`: programs beside monolithic models, oracles beside a textbook library, closed loop beside rules."""
