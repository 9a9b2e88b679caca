#!/usr/bin/env ruby
# serve.py once more, for a computer that has Ruby and neither Python nor Perl.
# Standard library only, any Ruby from 2.0 on. tests/test_browser_serve.py holds all servers to one table.
require "socket"
require "timeout"

TOLD = 2
PORTS = 20
IDLE = 60
CODINGS = [["br", ".br"], ["gzip", ".gz"]]
REASONS = {
  200 => "OK", 206 => "Partial Content", 301 => "Moved Permanently", 304 => "Not Modified", 400 => "Bad Request",
  404 => "Not Found", 405 => "Method Not Allowed", 416 => "Range Not Satisfiable", 500 => "Internal Server Error"
}
CLOSE = ["Connection", "close"]

ROOT = File.dirname(File.dirname(File.realpath(__FILE__))).b
HEAD = 1000
TYPES, HEADERS, SENTENCES, LASTING = {}, [], {}, []
USUAL = { "port" => "8765" }
File.binread(File.join(ROOT, "launcher", "settings.txt")).each_line do |line|
  word, rest = line.chomp.split(" ", 2)
  name, value = rest.to_s.split(" ", 2)
  case word
  when "type" then TYPES[name] = value
  when "header" then HEADERS << [name, value]
  when "say" then SENTENCES[name] = value
  when "lasting" then LASTING << Regexp.new(rest, Regexp::NOENCODING)
  when "port" then USUAL[word] = rest
  end
end

# What tells an edition from every other stands near the head of its manifest.
def edition_of(head)
  head.to_s[/"edition": "([0-9a-f]+)"/n, 1].to_s
end
MANIFEST = File.join(ROOT, "manifest.json")
EDITION = File.file?(MANIFEST) ? edition_of(File.binread(MANIFEST, HEAD)) : ""

def say(name, values = {})
  values.reduce(SENTENCES[name].dup) { |sentence, (key, value)| sentence.gsub("{#{key}}".b, value.to_s.b) }
end

def answer(method, target, asked)
  return { status: 405, headers: [["Allow", "GET, HEAD"], CLOSE] } unless ["GET", "HEAD"].include?(method)
  address, query = target.split("?", 2)
  address ||= ""
  path = file_of(address)
  if path && File.directory?(path)
    unless address.end_with?("/")
      here = "/" + address.sub(%r{\A/+}, "") + "/" + (query.to_s.empty? ? "" : "?" + query)
      return { status: 301, headers: [["Location", here], ["Cache-Control", "no-cache"]] }
    end
    path = File.join(path, "index.html")
  elsif address.end_with?("/")
    path = nil
  end
  unless path && inside?(path) && File.file?(path)
    kind = ["Content-Type", "text/plain; charset=utf-8"]
    return { status: 404, headers: [kind, ["Cache-Control", "no-cache"]], body: say("missing") }
  end
  send_file(path, query.to_s, asked)
end

def file_of(address)
  plain = address.b.gsub(/%([0-9A-Fa-f]{2})/n) { $1.hex.chr.b }
  parts = plain.split("/").reject(&:empty?)
  return nil if parts.any? { |part| part.start_with?(".") || part =~ /[\\:\0]/n }
  return nil unless plain.dup.force_encoding("UTF-8").valid_encoding?
  ([ROOT] + parts).join("/")
end

def inside?(path)
  File.realpath(path).b.start_with?(ROOT + "/")
rescue SystemCallError
  false
end

def send_file(path, query, asked)
  name = path.b[(ROOT.bytesize + 1)..-1]
  coding, packed = "", path
  coding, packed = packed_beside(path, asked["accept-encoding"].to_s) unless asked.key?("range")
  state = File.stat(packed)
  mark = coding.empty? ? "" : "-" + coding
  tag = format('"%s-%x-%x%s"', EDITION, state.size, state.mtime.to_i, mark)
  lasts = LASTING.any? { |pattern| name =~ pattern } || query =~ /(^|&)v=[0-9a-f]{7,}(&|$)/
  common = [
    ["ETag", tag], ["Cache-Control", lasts ? "public, max-age=31536000, immutable" : "no-cache"],
    ["Vary", "Accept-Encoding"]
  ]
  known = asked["if-none-match"].to_s.split(",").map { |each| each.strip.sub("W/", "") }
  return { status: 304, headers: common } if known.include?(tag) || known.include?("*")
  kind = TYPES[File.extname(name).downcase] || "application/octet-stream"
  found = {
    status: 200, headers: common + [["Content-Type", kind], ["Accept-Ranges", "bytes"]],
    file: packed, start: 0, length: state.size
  }
  found[:headers] << ["Content-Encoding", coding] unless coding.empty?
  cut(found, asked["range"].to_s) if (asked["if-range"] || tag) == tag
  found
end

def packed_beside(path, accepted)
  liking = {}
  accepted.downcase.split(",").each do |each|
    name, weight = each.delete(" ").split(";q=", 2)
    weight = "1" if weight.to_s.empty?
    liking[name] = weight =~ /\A\d*\.?\d*\z/ ? weight.to_f : 0.0
  end
  best, coding, packed = liking.fetch("identity", 0.0), "", path
  CODINGS.each do |name, ending|
    likes = liking[name] || liking["*"] || 0.0
    better = likes > best || (likes == best && best > 0 && coding.empty?)
    next unless better && File.file?(path + ending) && inside?(path + ending)
    best, coding, packed = likes, name, path + ending
  end
  [coding, packed]
end

def cut(found, wanted)
  match = /\Abytes=(\d*)-(\d*)\z/.match(wanted)
  return if match.nil? || wanted == "bytes=-"
  size, first, last = found[:length], match[1], match[2]
  start = first.empty? ? [size - last.to_i, 0].max : first.to_i
  stop = !first.empty? && !last.empty? ? [last.to_i, size - 1].min : size - 1
  if start >= size || (!first.empty? && !last.empty? && last.to_i < start)
    found[:headers] << ["Content-Range", "bytes */#{size}"]
    found.delete(:file)
    found[:status] = 416
  else
    found[:headers] << ["Content-Range", "bytes #{start}-#{stop}/#{size}"]
    found[:status], found[:start], found[:length] = 206, start, stop - start + 1
  end
end

def talk(client)
  client.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
  waiting = "".b
  loop do
    until waiting =~ /\r?\n\r?\n/n
      return if waiting.bytesize > 65536 || !IO.select([client], nil, nil, IDLE)
      waiting << client.readpartial(16384)
    end
    head, waiting = waiting.split(/\r?\n\r?\n/n, 2)
    lines = head.split(/\r?\n/n)
    method, target, version = %r{\A(\S+) (\S+) (HTTP/1\.[01])\z}n.match(lines.shift.to_s).to_a[1..3]
    asked = {}
    lines.each { |line| asked[$1.downcase] = $2 if line =~ /\A([^:\s]+):\s*(.*?)\s*\z/n }
    found = method ? answer(method, target, asked) : { status: 400, headers: [CLOSE] }
    file = nil
    begin
      file = File.open(found[:file], "rb") if found[:file]
    rescue SystemCallError
      found = { status: 500, headers: [CLOSE] }
    end
    body = found[:body].to_s
    length = file ? found[:length] : body.bytesize
    reply = "HTTP/1.1 #{found[:status]} #{REASONS[found[:status]]}\r\n".b
    (found[:headers] + HEADERS).each { |name, value| reply << "#{name}: #{value}\r\n".b }
    reply << "Content-Length: #{length}\r\n" unless found[:status] == 304
    reply << "\r\n"
    reply << body.b unless method == "HEAD"
    client.write(reply)
    if file && method != "HEAD"
      file.seek(found[:start])
      while length > 0
        piece = file.read([length, 65536].min)
        return if piece.nil?
        client.write(piece)
        length -= piece.bytesize
      end
    end
    file.close if file
    return if found[:headers].include?(CLOSE) || version == "HTTP/1.0"
    return if asked["connection"].to_s.downcase == "close" || asked["content-length"]
  end
rescue SystemCallError, IOError
  nil # a browser that goes away is no error
ensure
  client.close
end

def same_edition?(port)
  Timeout.timeout(2) do
    other = TCPSocket.new("127.0.0.1", port)
    other.write("GET /manifest.json HTTP/1.0\r\nHost: localhost:#{port}\r\n\r\n")
    !EDITION.empty? && edition_of(other.read(4 * HEAD)) == EDITION
  end
rescue SystemCallError, IOError, Timeout::Error
  false
end

def show(address)
  opener = RUBY_PLATFORM =~ /darwin/ ? "open" : "xdg-open"
  Process.detach(Process.spawn(opener, address, out: File::NULL, err: File::NULL))
rescue SystemCallError
  nil # no such program: the address stands in the window
end

def listen(first, tries, browser)
  (first...(first + tries)).each do |port|
    begin
      return TCPServer.new("127.0.0.1", port), port
    rescue SystemCallError
      next unless same_edition?(port)
      puts "", "  " + say("already", address: "http://localhost:#{port}/"), ""
      show("http://localhost:#{port}/") if browser
      exit 0
    end
  end
  puts "", "  " + say("no_port", first: first, last: first + tries - 1), ""
  exit TOLD
end

begin
  $stdout.sync = true
  trap("HUP") { exit }
  trap("TERM") { exit }
  browser = !ARGV.include?("--no-browser")
  place = ARGV.index("--port")
  wanted = (place ? ARGV[place + 1] : USUAL["port"]).to_i
  server, port = listen(wanted, place ? 1 : PORTS, browser)
  server.listen(128)
  address = "http://localhost:#{port}/"
  puts "", "  " + say("ready", address: address)
  if port != wanted
    puts "", "  " + say("other_port", port: wanted, usual: "http://localhost:#{wanted}/", address: address)
  end
  puts "", "  " + say("stop"), ""
  show(address) if browser
  loop { Thread.new(server.accept) { |client| talk(client) } }
rescue Interrupt
  puts "", "  " + say("stopped")
end
