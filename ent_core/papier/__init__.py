"""Le papier : des documents PDF accessibles, composés par Typst dans un processus borné."""
