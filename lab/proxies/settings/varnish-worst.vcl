vcl 4.1;
backend chat {
	.host = "127.0.0.1";
	.port = "@UPSTREAM@";
	.first_byte_timeout = @CUT@s;
	.between_bytes_timeout = @CUT@s;
}
sub vcl_backend_fetch {
	set bereq.http.Connection = "close";
}
sub vcl_backend_error {
	if (bereq.retries < 2) {
		return (retry);
	}
}
sub vcl_backend_response {
	set beresp.do_stream = false;
	if (beresp.status >= 500 && bereq.retries < 2) {
		return (retry);
	}
}
