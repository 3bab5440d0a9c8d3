"""Le second facteur : clés d'accès, applications de codes, codes de secours, et qui doit en avoir un."""
