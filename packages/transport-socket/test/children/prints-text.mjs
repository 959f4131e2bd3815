/** Says something on its standard output that is no frame, and waits for the end of its input. */
process.stdout.write("Listening on port 3000\n");
process.stdin.resume();
