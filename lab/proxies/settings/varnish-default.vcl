vcl 4.1;
backend chat {
	.host = "127.0.0.1";
	.port = "@UPSTREAM@";
}
