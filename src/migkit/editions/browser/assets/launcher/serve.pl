#!/usr/bin/perl
# serve.py once more, for a computer that has Perl and no Python: macOS and nearly every Linux.
# Core modules only. It answers as serve.py does; tests/test_browser_serve.py holds them to one table.
use strict;
use warnings;
use Cwd qw(realpath);
use File::Basename qw(dirname);
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use POSIX qw(:sys_wait_h);

use constant { TOLD => 2, PORTS => 20, IDLE => 60, HEAD => 1000 };
my @CODINGS = (["br", ".br"], ["gzip", ".gz"]);
my %REASONS = (
    200 => "OK", 206 => "Partial Content", 301 => "Moved Permanently", 304 => "Not Modified", 400 => "Bad Request",
    404 => "Not Found", 405 => "Method Not Allowed", 416 => "Range Not Satisfiable", 500 => "Internal Server Error",
);

my $root = realpath(dirname(dirname(realpath($0))));
my ($edition, $port, %types, @headers, %sentences, @lasting) = ("", 8765);
$edition = edition_of(head_of("$root/manifest.json")) if -f "$root/manifest.json";
open my $settings, "<:raw", "$root/launcher/settings.txt" or die "$root/launcher/settings.txt: $!\n";
while (<$settings>) {
    s/\r?\n$//;
    my ($word, $rest) = split / /, $_, 2;
    my ($name, $value) = split / /, defined $rest ? $rest : "", 2;
    if    ($word eq "type")    { $types{$name} = $value }
    elsif ($word eq "header")  { push @headers, [$name, $value] }
    elsif ($word eq "say")     { $sentences{$name} = $value }
    elsif ($word eq "lasting") { push @lasting, qr/$rest/ }
    elsif ($word eq "port")    { $port = $rest }
}
close $settings;
$| = 1;
exit main(@ARGV);

sub head_of {
    open my $file, "<:raw", $_[0] or return "";
    read $file, my $head, HEAD;
    return $head;
}

# What tells an edition from every other stands near the head of its manifest.
sub edition_of { return $_[0] =~ /"edition": "([0-9a-f]+)"/ ? $1 : "" }

sub say_ {
    my ($name, %values) = @_;
    my $sentence = $sentences{$name};
    $sentence =~ s/\{\Q$_\E\}/$values{$_}/g for keys %values;
    return $sentence;
}

# What to answer: status, headers, then bytes, or a file with the part of it that is wanted.
sub answer {
    my ($method, $target, $asked) = @_;
    return { status => 405, headers => [["Allow", "GET, HEAD"], ["Connection", "close"]] }
        unless $method eq "GET" or $method eq "HEAD";
    my ($address, $query) = split /\?/, $target, 2;
    my $path = file_of($address);
    if ($path ne "" and -d $path) {
        if ($address !~ m{/$}) {
            (my $here = $address) =~ s{^/*(.*)$}{/$1/};
            $here .= "?$query" if defined $query and $query ne "";
            return { status => 301, headers => [["Location", $here], ["Cache-Control", "no-cache"]] };
        }
        $path =~ s{/?$}{/index.html};
    }
    elsif ($address =~ m{/$}) { $path = "" }
    if ($path eq "" or !inside($path) or !-f $path) {
        return {
            status  => 404,
            headers => [["Content-Type", "text/plain; charset=utf-8"], ["Cache-Control", "no-cache"]],
            body    => say_("missing"),
        };
    }
    return send_file($path, defined $query ? $query : "", $asked);
}

sub file_of {
    my ($address) = @_;
    $address =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    my @parts = grep { $_ ne "" } split m{/}, $address;
    for (@parts) {
        return "" if /^\./ or /[\\:\0]/;
    }
    return "" unless utf8::decode(my $text = join "/", @parts);
    return join "/", $root, @parts;
}

sub inside {
    my $real = realpath($_[0]);
    return (defined $real and index($real, "$root/") == 0);
}

sub send_file {
    my ($path, $query, $asked) = @_;
    my $name = substr $path, length("$root/");
    my ($coding, $packed) = ("", $path);
    ($coding, $packed) = packed($path, $asked->{"accept-encoding"} || "") unless exists $asked->{range};
    my ($size, $time) = (stat $packed)[7, 9];
    my $tag = sprintf '"%s-%x-%x%s"', $edition, $size, $time, $coding ? "-$coding" : "";
    my $lasts = (grep { $name =~ $_ } @lasting) || $query =~ /(^|&)v=[0-9a-f]{7,}(&|$)/;
    my @common = (
        ["ETag", $tag], ["Cache-Control", $lasts ? "public, max-age=31536000, immutable" : "no-cache"],
        ["Vary", "Accept-Encoding"],
    );
    for (split /,/, $asked->{"if-none-match"} || "") {
        s/^\s+|\s+$|W\///g;
        return { status => 304, headers => [@common] } if $_ eq $tag or $_ eq "*";
    }
    my ($ending) = lc($name) =~ m{[^/](\.[^./]*)$};
    my $kind = $types{ defined $ending ? $ending : "" } || "application/octet-stream";
    my $answer = {
        status => 200, headers => [@common, ["Content-Type", $kind], ["Accept-Ranges", "bytes"]],
        file => $packed, start => 0, length => $size,
    };
    push @{ $answer->{headers} }, ["Content-Encoding", $coding] if $coding;
    cut($answer, $asked->{range} || "") if (defined $asked->{"if-range"} ? $asked->{"if-range"} : $tag) eq $tag;
    return $answer;
}

sub packed {
    my ($path, $accepted) = @_;
    my %liking;
    for (split /,/, lc $accepted) {
        s/ //g;
        my ($name, $weight) = split /;q=/, $_, 2;
        $weight = 1 unless defined $weight and $weight ne "";
        $liking{$name} = $weight =~ /^\d*\.?\d*$/ ? $weight + 0 : 0 if defined $name;
    }
    my ($best, $coding, $packed) = ($liking{identity} || 0, "", $path);
    for (@CODINGS) {
        my ($name, $ending) = @$_;
        my $likes = exists $liking{$name} ? $liking{$name} : $liking{"*"} || 0;
        my $better = ($likes > $best or ($likes == $best and $best > 0 and !$coding));
        ($best, $coding, $packed) = ($likes, $name, $path . $ending)
            if $better and -f $path . $ending and inside($path . $ending);
    }
    return ($coding, $packed);
}

sub cut {
    my ($answer, $wanted) = @_;
    return unless $wanted =~ /^bytes=(\d*)-(\d*)$/ and $wanted ne "bytes=-";
    my ($size, $first, $last) = ($answer->{length}, $1, $2);
    my $start = $first ne "" ? $first : $size > $last ? $size - $last : 0;
    my $end = ($first ne "" and $last ne "" and $last < $size - 1) ? $last : $size - 1;
    if ($start >= $size or ($first ne "" and $last ne "" and $last < $start)) {
        push @{ $answer->{headers} }, ["Content-Range", "bytes */$size"];
        delete $answer->{file};
        return $answer->{status} = 416;
    }
    push @{ $answer->{headers} }, ["Content-Range", "bytes $start-$end/$size"];
    @{$answer}{qw(status start length)} = (206, $start, $end - $start + 1);
}

# One connection, from its first request to its last.
sub talk {
    my ($client) = @_;
    setsockopt $client, IPPROTO_TCP, TCP_NODELAY, 1;
    my $waiting = "";
    while (1) {
        while ($waiting !~ /\r?\n\r?\n/) {
            my $ready = "";
            vec($ready, fileno $client, 1) = 1;
            return unless select $ready, undef, undef, IDLE;
            return if length $waiting > 65536 or !sysread $client, $waiting, 16384, length $waiting;
        }
        $waiting =~ s/^(.*?)\r?\n\r?\n//s;
        my ($first, @lines) = split /\r?\n/, $1;
        my ($method, $target, $version) = ($first || "") =~ m{^(\S+) (\S+) (HTTP/1\.[01])$};
        my %asked = map { /^([^:\s]+):\s*(.*?)\s*$/ ? (lc $1, $2) : () } @lines;
        my $answer = $method ? answer($method, $target, \%asked) : { status => 400, headers => [["Connection", "close"]] };
        my $file;
        if ($answer->{file} and !open $file, "<:raw", $answer->{file}) {
            $answer = { status => 500, headers => [["Connection", "close"]] };
        }
        my $body = defined $answer->{body} ? $answer->{body} : "";
        my $length = $file ? $answer->{length} : length $body;
        my $head = "HTTP/1.1 $answer->{status} $REASONS{$answer->{status}}\r\n";
        $head .= "$_->[0]: $_->[1]\r\n" for @{ $answer->{headers} }, @headers;
        $head .= "Content-Length: $length\r\n" unless $answer->{status} == 304;
        my $headless = ($method || "") eq "HEAD";
        write_all($client, "$head\r\n" . ($headless ? "" : $body)) or return;
        if ($file and !$headless) {
            seek $file, $answer->{start}, 0;
            while ($length > 0) {
                my $got = read $file, my $piece, $length < 65536 ? $length : 65536;
                return unless $got and write_all($client, $piece);
                $length -= $got;
            }
        }
        return if (grep { $_->[0] eq "Connection" } @{ $answer->{headers} }) or $version eq "HTTP/1.0";
        return if lc($asked{connection} || "") eq "close" or $asked{"content-length"};
    }
}

sub write_all {
    my ($client, $bytes) = @_;
    my $done = 0;
    while ($done < length $bytes) {
        my $sent = syswrite $client, $bytes, length($bytes) - $done, $done;
        return 0 unless $sent;
        $done += $sent;
    }
    return 1;
}

sub same_edition {
    my ($port) = @_;
    my $other = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port, Timeout => 2) or return 0;
    write_all($other, "GET /manifest.json HTTP/1.0\r\nHost: localhost:$port\r\n\r\n");
    my $got = "";
    local $SIG{ALRM} = sub { die "silent\n" };
    eval {
        alarm 2;
        1 while length $got < 4 * HEAD and sysread $other, $got, HEAD, length $got;
        alarm 0;
    };
    alarm 0;
    return ($edition ne "" and edition_of($got) eq $edition);
}

sub show {
    my ($address) = @_;
    my $opener = $^O eq "darwin" ? "open" : "xdg-open";
    return if fork;  # whoever opens the browser may take its time, and may talk: neither is for this window
    open STDOUT, ">", "/dev/null";
    open STDERR, ">", "/dev/null";
    no warnings "exec";
    exec $opener, $address or POSIX::_exit(0);
}

sub main {
    my (@arguments) = @_;
    my $browser = !grep { $_ eq "--no-browser" } @arguments;
    my $tries = PORTS;
    for (0 .. $#arguments - 1) {
        ($port, $tries) = ($arguments[$_ + 1], 1) if $arguments[$_] eq "--port";
    }
    my ($server, $used, %children, $ended);
    local $SIG{PIPE} = "IGNORE";
    local $SIG{INT} = local $SIG{TERM} = local $SIG{HUP} = sub { $ended = 1 };
    for ($port .. $port + $tries - 1) {
        $used = $_;
        $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $used, Listen => 128, ReuseAddr => 1);
        last if $server;
        if (same_edition($used)) {
            print "\n  ", say_("already", address => "http://localhost:$used/"), "\n\n";
            $SIG{CHLD} = "IGNORE";
            show("http://localhost:$used/") if $browser;
            return 0;
        }
    }
    if (!$server) {
        print "\n  ", say_("no_port", first => $port, last => $port + $tries - 1), "\n\n";
        return TOLD;
    }
    my $address = "http://localhost:$used/";
    print "\n  ", say_("ready", address => $address), "\n";
    print "\n  ", say_("other_port", port => $port, usual => "http://localhost:$port/", address => $address), "\n"
        if $used != $port;
    print "\n  ", say_("stop"), "\n\n";

    # A process for each connection. Ctrl+C reaches all of them; only this one speaks.
    show($address) if $browser;
    while (!$ended) {
        my $ready = "";
        vec($ready, fileno $server, 1) = 1;
        # Not longer, so that the end is seen even if its signal came just before this line.
        my $client = select($ready, undef, undef, 0.5) > 0 ? $server->accept : undef;
        while ((my $gone = waitpid -1, WNOHANG) > 0) { delete $children{$gone} }
        next unless $client;
        my $child = fork;
        if (defined $child and !$child) {
            $SIG{$_} = sub { POSIX::_exit(0) } for qw(INT TERM HUP);
            POSIX::_exit(0) if $ended;  # the end came while it was being born
            close $server;
            talk($client);
            POSIX::_exit(0);
        }
        $children{$child} = 1 if $child;
        close $client;
    }
    kill "TERM", keys %children;
    print "\n  ", say_("stopped"), "\n";
    return 0;
}
