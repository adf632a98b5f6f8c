"""Mail to clean text: readers of archives, MIME, quotes, signatures, threads, duplicates."""
