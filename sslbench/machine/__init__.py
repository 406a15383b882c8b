"""Where arithmetic happens: device and precision, processes, threads, memory, random numbers, and what torch
is set to meanwhile."""
