# keep.awk -- names of backups, oldest first: prints those that are too old to keep.
#   today: days since 1970; days: all of so many are kept; weeks: then the last of each of so many weeks;
#   good: never printed. With epoch=1 it prints the time of each name instead, in seconds.

# Days since 1970 of a date; a year begins in March, so that the leap day is its last.
function days_of(y, m, d) {
  if (m <= 2) {
    y--
    m += 12
  }
  return 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + d - 719469
}

{
  day = days_of(substr($0, 8, 4) + 0, substr($0, 12, 2) + 0, substr($0, 14, 2) + 0)
  if (epoch) {
    print day * 86400 + substr($0, 17, 2) * 3600 + substr($0, 19, 2) * 60 + substr($0, 21, 2)
    next
  }
  name[NR] = $0
  week[NR] = int((day + 3) / 7) # 1970 began on a Thursday; weeks begin on Monday
  if (today - day < days)
    young[NR] = 1
}

END {
  if (epoch)
    exit
  for (i = NR; i > 0; i--) {
    if (young[i] || name[i] == good)
      continue
    if (!(week[i] in kept) && n_kept < weeks) {
      kept[week[i]] = 1
      n_kept++
      continue
    }
    print name[i]
  }
}
