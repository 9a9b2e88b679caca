// serve.py once more, for Windows: serve.ps1 compiles it in memory with what every Windows has (.NET Framework 4,
// C# 5). It needs no administrator: it listens on this computer only, with plain sockets.
// tests/test_browser_serve.py holds all servers to one table; this one runs there on Mono.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace Kit
{
    public class Answer
    {
        public int Status;
        public List<string[]> Headers = new List<string[]>();
        public byte[] Body = new byte[0];
        public string File;
        public long Start, Length;

        public Answer(int status, params string[] headers)
        {
            Status = status;
            for (int i = 0; i < headers.Length; i += 2) Add(headers[i], headers[i + 1]);
        }

        public void Add(string name, string value) { Headers.Add(new[] { name, value }); }
    }

    public class Server
    {
        const int Ports = 20, Idle = 60000, Head = 1000;
        static readonly string[][] Codings = { new[] { "br", ".br" }, new[] { "gzip", ".gz" } };
        static readonly UTF8Encoding Utf8 = new UTF8Encoding(false, true);
        static readonly Encoding Latin1 = Encoding.GetEncoding(28591);
        static readonly Dictionary<int, string> Reasons = new Dictionary<int, string> {
            { 200, "OK" }, { 206, "Partial Content" }, { 301, "Moved Permanently" }, { 304, "Not Modified" },
            { 400, "Bad Request" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
            { 416, "Range Not Satisfiable" }, { 500, "Internal Server Error" } };

        readonly string root, edition, finalRoot;
        readonly Dictionary<string, string> types = new Dictionary<string, string>();
        readonly Dictionary<string, string> sentences = new Dictionary<string, string>();
        readonly List<string[]> headers = new List<string[]>();
        readonly List<Regex> lasting = new List<Regex>();
        readonly List<TcpListener> listeners = new List<TcpListener>();

        public int WantedPort = 8765;
        public int Port;
        public string Address { get { return "http://localhost:" + Port + "/"; } }

        public Server(string folder)
        {
            root = Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar;
            string file = Path.Combine(Path.Combine(root, "launcher"), "settings.txt");
            string manifest = Path.Combine(root, "manifest.json");
            edition = File.Exists(manifest) ? EditionOf(File.OpenRead(manifest)) : "";
            foreach (string line in File.ReadAllLines(file, Utf8))
            {
                string[] words = line.Split(new[] { ' ' }, 3);
                if (words.Length < 2) continue;
                string rest = line.Substring(words[0].Length + 1);
                if (words[0] == "type") types[words[1]] = words[2];
                else if (words[0] == "header") headers.Add(new[] { words[1], words[2] });
                else if (words[0] == "say") sentences[words[1]] = words[2];
                else if (words[0] == "lasting") lasting.Add(new Regex(rest, RegexOptions.CultureInvariant));
                else if (words[0] == "port") WantedPort = int.Parse(rest, CultureInfo.InvariantCulture);
            }
            string real = FinalPath(file);
            if (real != null) finalRoot = real.Substring(0, real.Length - @"launcher\settings.txt".Length);
        }

        // What tells an edition from every other stands near the head of its manifest.
        static string EditionOf(Stream stream)
        {
            using (stream)
            {
                byte[] head = new byte[4 * Head];
                int length = 0, n;
                while (length < head.Length && (n = stream.Read(head, length, head.Length - length)) > 0) length += n;
                return Regex.Match(Latin1.GetString(head, 0, length), "\"edition\": \"([0-9a-f]+)\"").Groups[1].Value;
            }
        }

        // A sentence in the language of the edition; values are name, value, name, value.
        public string Say(string name, params string[] values)
        {
            string sentence = sentences[name];
            for (int i = 0; i < values.Length; i += 2)
                sentence = sentence.Replace("{" + values[i] + "}", values[i + 1]);
            return sentence;
        }

        // ---- listening --------------------------------------------------------------------------------------

        // "ready": Port answers. "already": this very edition answers there. "no_port": none is free.
        public string Start()
        {
            for (int port = WantedPort; port < WantedPort + Ports && port < 65536; port++)
            {
                Port = port;
                if (Listen(IPAddress.Loopback, port))
                {
                    Listen(IPAddress.IPv6Loopback, port);  // where Windows looks first for "localhost"
                    return "ready";
                }
                if (SameEdition(port)) return "already";
            }
            return "no_port";
        }

        public void Stop()
        {
            foreach (TcpListener listener in listeners) listener.Stop();
        }

        bool Listen(IPAddress address, int port)
        {
            try
            {
                TcpListener listener = new TcpListener(address, port);
                listener.ExclusiveAddressUse = true;
                listener.Start(128);
                listeners.Add(listener);
                Background(delegate { Accept(listener); });
                return true;
            }
            catch (SocketException) { return false; }
        }

        void Accept(TcpListener listener)
        {
            while (true)
            {
                TcpClient client;
                try { client = listener.AcceptTcpClient(); }
                catch (SocketException) { return; }
                catch (InvalidOperationException) { return; }
                Background(delegate { Talk(client); });
            }
        }

        static void Background(ThreadStart work)
        {
            Thread thread = new Thread(work, 256 * 1024);
            thread.IsBackground = true;
            thread.Start();
        }

        bool SameEdition(int port)
        {
            try
            {
                using (TcpClient client = new TcpClient())
                {
                    client.SendTimeout = client.ReceiveTimeout = 2000;
                    client.Connect(IPAddress.Loopback, port);
                    NetworkStream stream = client.GetStream();
                    byte[] ask = Latin1.GetBytes(
                        "GET /manifest.json HTTP/1.0\r\nHost: localhost:" + port + "\r\n\r\n");
                    stream.Write(ask, 0, ask.Length);
                    return edition != "" && EditionOf(stream) == edition;
                }
            }
            catch (SocketException) { return false; }
            catch (IOException) { return false; }
        }

        // ---- one connection ---------------------------------------------------------------------------------

        void Talk(TcpClient client)
        {
            try
            {
                using (client)
                {
                    client.NoDelay = true;
                    client.ReceiveTimeout = client.SendTimeout = Idle;
                    NetworkStream stream = client.GetStream();
                    StringBuilder waiting = new StringBuilder();
                    while (Exchange(stream, waiting)) { }
                }
            }
            catch (Exception) { }  // a browser that went away, or a request that nobody foresaw: never the end of the kit
        }

        // One request and its answer; false when the connection is to be closed.
        bool Exchange(NetworkStream stream, StringBuilder waiting)
        {
            byte[] piece = new byte[65536];
            int end;
            while ((end = waiting.ToString().IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
            {
                int got = waiting.Length > 65536 ? 0 : stream.Read(piece, 0, 16384);
                if (got == 0) return false;
                waiting.Append(Latin1.GetString(piece, 0, got));
            }
            string[] lines = waiting.ToString(0, end).Split(new[] { "\r\n" }, StringSplitOptions.None);
            waiting.Remove(0, end + 4);
            string[] first = lines[0].Split(' ');
            bool valid = first.Length == 3 && (first[2] == "HTTP/1.1" || first[2] == "HTTP/1.0");
            Dictionary<string, string> asked = new Dictionary<string, string>();
            for (int i = 1; i < lines.Length; i++)
            {
                int colon = lines[i].IndexOf(':');
                if (colon > 0) asked[lines[i].Substring(0, colon).ToLowerInvariant()] = lines[i].Substring(colon + 1).Trim();
            }
            Answer answer = null;
            FileStream file = null;
            try
            {
                answer = valid ? Respond(first[0], first[1], asked) : new Answer(400, "Connection", "close");
                if (answer.File != null)
                    file = new FileStream(answer.File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            }
            catch (IOException) { answer = new Answer(500, "Connection", "close"); }
            catch (UnauthorizedAccessException) { answer = new Answer(500, "Connection", "close"); }
            using (file)
            {
                long length = file != null ? answer.Length : answer.Body.Length;
                bool headless = first[0] == "HEAD";
                StringBuilder head = new StringBuilder();
                head.Append("HTTP/1.1 " + answer.Status + " " + Reasons[answer.Status] + "\r\n");
                foreach (string[] each in answer.Headers) head.Append(each[0] + ": " + each[1] + "\r\n");
                foreach (string[] each in headers) head.Append(each[0] + ": " + each[1] + "\r\n");
                if (answer.Status != 304) head.Append("Content-Length: " + length + "\r\n");
                head.Append("\r\n");
                MemoryStream start = new MemoryStream();
                byte[] bytes = Latin1.GetBytes(head.ToString());
                start.Write(bytes, 0, bytes.Length);
                if (!headless) start.Write(answer.Body, 0, answer.Body.Length);
                if (file != null && !headless)
                {
                    file.Seek(answer.Start, SeekOrigin.Begin);
                    // Head and a small file in one packet.
                    int n = file.Read(piece, 0, (int)Math.Min(length, piece.Length - 4096));
                    start.Write(piece, 0, n);
                    length -= n;
                }
                stream.Write(start.GetBuffer(), 0, (int)start.Length);
                while (file != null && !headless && length > 0)
                {
                    int n = file.Read(piece, 0, (int)Math.Min(length, piece.Length));
                    if (n == 0) return false;
                    stream.Write(piece, 0, n);
                    length -= n;
                }
            }
            foreach (string[] each in answer.Headers) if (each[0] == "Connection") return false;
            string connection;
            if (asked.TryGetValue("connection", out connection) && connection.ToLowerInvariant() == "close") return false;
            return first[2] == "HTTP/1.1" && !asked.ContainsKey("content-length");
        }

        // ---- what to answer ---------------------------------------------------------------------------------

        Answer Respond(string method, string target, Dictionary<string, string> asked)
        {
            if (method != "GET" && method != "HEAD") return new Answer(405, "Allow", "GET, HEAD", "Connection", "close");
            int mark = target.IndexOf('?');
            string address = mark < 0 ? target : target.Substring(0, mark);
            string query = mark < 0 ? "" : target.Substring(mark + 1);
            bool folder = address.EndsWith("/", StringComparison.Ordinal);
            string path = FileOf(address);
            if (path != null && Directory.Exists(path))
            {
                if (!folder)
                {
                    string here = "/" + address.TrimStart('/') + "/" + (query == "" ? "" : "?" + query);
                    return new Answer(301, "Location", here, "Cache-Control", "no-cache");
                }
                path = Path.Combine(path, "index.html");
            }
            else if (folder) path = null;
            if (path == null || !File.Exists(path) || !Inside(path))
            {
                Answer missing = new Answer(404, "Content-Type", "text/plain; charset=utf-8", "Cache-Control", "no-cache");
                missing.Body = Utf8.GetBytes(Say("missing"));
                return missing;
            }
            return Send(path, query, asked);
        }

        // The path that an address names, or null if it is none that we serve.
        string FileOf(string address)
        {
            List<byte> bytes = new List<byte>();
            for (int i = 0; i < address.Length; i++)
            {
                if (address[i] == '%' && i + 2 < address.Length && Uri.IsHexDigit(address[i + 1]) && Uri.IsHexDigit(address[i + 2]))
                {
                    bytes.Add((byte)(Uri.FromHex(address[i + 1]) * 16 + Uri.FromHex(address[i + 2])));
                    i += 2;
                }
                else bytes.Add((byte)address[i]);
            }
            string plain;
            try { plain = Utf8.GetString(bytes.ToArray()); }
            catch (ArgumentException) { return null; }
            List<string> parts = new List<string>();
            foreach (string part in plain.Split('/'))
            {
                if (part == "") continue;
                if (part[0] == '.' || part.IndexOfAny(new[] { '\\', ':', '"', '<', '>', '|', '*', '?' }) >= 0) return null;
                foreach (char sign in part) if (sign < ' ') return null;
                parts.Add(part);
            }
            try
            {
                // Windows gives some names a meaning of their own (NUL, a dot at the end): the full path tells.
                string path = Path.GetFullPath(root + string.Join(Path.DirectorySeparatorChar.ToString(), parts.ToArray()));
                return (path + Path.DirectorySeparatorChar).StartsWith(root, StringComparison.Ordinal) ? path : null;
            }
            catch (ArgumentException) { return null; }
            catch (NotSupportedException) { return null; }
            catch (PathTooLongException) { return null; }
        }

        // Whether the file still lies in the folder when every link on its way is followed.
        bool Inside(string path)
        {
            if (finalRoot != null)
            {
                string real = FinalPath(path);
                return real != null && real.StartsWith(finalRoot, StringComparison.OrdinalIgnoreCase);
            }
            for (string each = path; each != null && each.Length > root.Length; each = Path.GetDirectoryName(each))
                if ((File.GetAttributes(each) & FileAttributes.ReparsePoint) != 0) return false;
            return true;
        }

        Answer Send(string path, string query, Dictionary<string, string> asked)
        {
            string name = path.Substring(root.Length).Replace(Path.DirectorySeparatorChar, '/');
            string coding = "", accepted, range, sameAs, known;
            asked.TryGetValue("range", out range);
            if (range == null && asked.TryGetValue("accept-encoding", out accepted)) coding = Packed(path, accepted);
            string packed = path;
            foreach (string[] each in Codings) if (each[0] == coding) packed = path + each[1];
            FileInfo state = new FileInfo(packed);
            long seconds = (state.LastWriteTimeUtc.Ticks - new DateTime(1970, 1, 1).Ticks) / TimeSpan.TicksPerSecond;
            string tag = "\"" + edition + "-" + state.Length.ToString("x") + "-" + seconds.ToString("x")
                + (coding == "" ? "" : "-" + coding) + "\"";
            bool lasts = Regex.IsMatch(query, "(^|&)v=[0-9a-f]{7,}(&|$)");
            foreach (Regex pattern in lasting) lasts = lasts || pattern.IsMatch(name);
            string[] common = {
                "ETag", tag, "Cache-Control", lasts ? "public, max-age=31536000, immutable" : "no-cache",
                "Vary", "Accept-Encoding" };
            if (asked.TryGetValue("if-none-match", out known))
                foreach (string each in known.Split(','))
                {
                    string clean = each.Trim().Replace("W/", "");
                    if (clean == tag || clean == "*") return new Answer(304, common);
                }
            string kind;
            if (!types.TryGetValue(Path.GetExtension(name).ToLowerInvariant(), out kind)) kind = "application/octet-stream";
            Answer answer = new Answer(200, common);
            answer.Add("Content-Type", kind);
            answer.Add("Accept-Ranges", "bytes");
            if (coding != "") answer.Add("Content-Encoding", coding);
            answer.File = packed;
            answer.Length = state.Length;
            if (range != null && (!asked.TryGetValue("if-range", out sameAs) || sameAs == tag)) Cut(answer, range);
            return answer;
        }

        // The coding that the browser likes best of those that lie beside the file; "" for the file itself.
        string Packed(string path, string accepted)
        {
            Dictionary<string, double> liking = new Dictionary<string, double>();
            foreach (string each in accepted.ToLowerInvariant().Replace(" ", "").Split(','))
            {
                int mark = each.IndexOf(";q=", StringComparison.Ordinal);
                double weight = 1;
                if (mark >= 0 && mark + 3 < each.Length && !double.TryParse(
                    each.Substring(mark + 3), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out weight)) weight = 0;
                liking[mark < 0 ? each : each.Substring(0, mark)] = weight;
            }
            double best, likes, others;
            liking.TryGetValue("identity", out best);
            liking.TryGetValue("*", out others);
            string coding = "";
            foreach (string[] each in Codings)
            {
                if (!liking.TryGetValue(each[0], out likes)) likes = others;
                bool better = likes > best || (likes == best && best > 0 && coding == "");
                if (!better || !File.Exists(path + each[1]) || !Inside(path + each[1])) continue;
                best = likes;
                coding = each[0];
            }
            return coding;
        }

        // The one range that is asked for; what we do not understand gets everything.
        static void Cut(Answer answer, string wanted)
        {
            Match match = Regex.Match(wanted, "^bytes=([0-9]{0,18})-([0-9]{0,18})$");
            if (!match.Success || wanted == "bytes=-") return;
            bool hasFirst = match.Groups[1].Length > 0, hasLast = match.Groups[2].Length > 0;
            long size = answer.Length;
            long first = hasFirst ? long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
            long last = hasLast ? long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture) : 0;
            long start = hasFirst ? first : Math.Max(size - last, 0);
            long end = hasFirst && hasLast ? Math.Min(last, size - 1) : size - 1;
            if (start >= size || (hasFirst && hasLast && last < start))
            {
                answer.Status = 416;
                answer.File = null;
                answer.Add("Content-Range", "bytes */" + size);
                return;
            }
            answer.Status = 206;
            answer.Start = start;
            answer.Length = end - start + 1;
            answer.Add("Content-Range", "bytes " + start + "-" + end + "/" + size);
        }

        // ---- Windows ----------------------------------------------------------------------------------------

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        static extern uint GetFinalPathNameByHandleW(SafeFileHandle file, StringBuilder path, uint size, uint flags);

        // The path of a file with every link followed, as Windows knows it; null where that cannot be told.
        static string FinalPath(string path)
        {
            if (Path.DirectorySeparatorChar != '\\') return null;
            try
            {
                using (FileStream file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
                {
                    StringBuilder found = new StringBuilder(32768);
                    uint length = GetFinalPathNameByHandleW(file.SafeFileHandle, found, (uint)found.Capacity, 0);
                    return length == 0 || length >= found.Capacity ? null : found.ToString();
                }
            }
            catch (IOException) { return null; }
            catch (UnauthorizedAccessException) { return null; }
        }
    }
}
