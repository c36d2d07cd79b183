using System.Globalization;
using System.Text;
using LatentDb.ModelHost;

namespace LatentDb.Silo.Tests.Hardening.Fuzz;

/// <summary>Makes request number n of a seed: from a valid one of some route, with something wrong in one to three places, down to the bytes.</summary>
internal sealed class RequestForge(ApiDocument document, ulong seed, string authorization)
{
    private const int LargeBytes = 1_200_000;

    public ForgedRequest Make(int index)
    {
        var random = SeededRandom.ForPart(seed, (ulong)index);
        ApiOperation operation = document.Operations[random.NextInt32(document.Operations.Length)];
        bool isSpiced = random.NextInt32(8) > 0;
        string target = TargetOf(operation, random, isSpiced);
        List<string> headers = ["Host: localhost"];
        if (random.NextInt32(30) > 0) headers.Add("Authorization: " + authorization);
        foreach (ApiField field in operation.Fields.Where(f => f.Place == "header" && random.NextInt32(3) == 0)) headers.Add($"{field.Name}: {HeaderFor(field.Name, random)}");
        if (isSpiced && random.NextInt32(6) == 0) headers.Insert(random.NextInt32(headers.Count + 1), Pick(Spices.Headers, random));
        byte[] body = BodyOf(operation, random, isSpiced);
        (string framing, byte[] framed) = Frame(body, operation, random, isSpiced);
        string method = isSpiced && random.NextInt32(40) == 0 ? Pick(["HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "get", "G\u00c8T", "PRI", ""], random) : operation.Method;
        string version = isSpiced && random.NextInt32(100) == 0 ? Pick(["HTTP/1.0", "HTTP/2.0", "HTTP/1.9", "HTTP/", "FTP/1.1", ""], random) : "HTTP/1.1";
        string head = $"{method} {target} {version}\r\n{string.Concat(headers.Select(h => h + "\r\n"))}{framing}\r\n";
        byte[] bytes = [.. Encoding.Latin1.GetBytes(head), .. framed];
        if (isSpiced && random.NextInt32(12) == 0) bytes = Damage(bytes, random);
        return new ForgedRequest(index, operation, method == "HEAD", bytes, EndOf(random));
    }

    private static string TargetOf(ApiOperation operation, SeededRandom random, bool isSpiced)
    {
        string path = operation.Path;
        foreach (ApiField field in operation.Fields.Where(f => f.Place == "path"))
        {
            string value = isSpiced && random.NextInt32(4) == 0 ? SpiceOf(random) : field.Name switch
            {
                "id" => Pick(Spices.Ids, random),
                "version" => Pick(["1", "2", "3"], random),
                "name" => "mark",
                _ => Pick(["small", "nobody", "fuzz-t"], random),
            };
            path = path.Replace($"{{{field.Name}}}", value, StringComparison.Ordinal);
        }

        if (isSpiced && random.NextInt32(25) == 0) path = path.Insert(random.NextInt32(path.Length + 1), SpiceOf(random));
        IEnumerable<string> query = operation.Fields.Where(f => f.Place == "query" && random.NextInt32(2) == 0)
            .Select(f => $"{f.Name}={(isSpiced && random.NextInt32(2) == 0 ? SpiceOf(random) : Pick(["1", "2", "head", "fuzz-a"], random))}");
        string joined = string.Join('&', query);
        return joined.Length == 0 ? path : $"{path}?{joined}";
    }

    private static string HeaderFor(string name, SeededRandom random) => random.NextInt32(3) == 0 ? SpiceOf(random) : name switch
    {
        "If-Match" => Pick(["\"v1\"", "\"v2\"", "*"], random),
        "X-Archive-Passphrase" => "too short",
        "X-Memory-Id" => Pick(Spices.Ids, random),
        _ => Pick(["k1", "k2", "true", "1"], random),
    };

    private byte[] BodyOf(ApiOperation operation, SeededRandom random, bool isSpiced)
    {
        if (operation.Body is not { } schema) return isSpiced && random.NextInt32(10) == 0 ? "{}"u8.ToArray() : [];
        if (operation.BodyType!.Contains("json", StringComparison.Ordinal) == false) return Noise(random, random.NextInt32(4000));
        if (isSpiced && random.NextInt32(400) == 0) return Encoding.ASCII.GetBytes("{\"text\":\"" + new string('a', LargeBytes) + "\"}");
        if (isSpiced && random.NextInt32(100) == 0) return Encoding.ASCII.GetBytes(new string('[', 10_000) + new string(']', random.NextInt32(10_001)));
        byte[] body = Encoding.UTF8.GetBytes(new SampleBody(document, random, isSpiced).Of(schema));
        return isSpiced && random.NextInt32(5) == 0 ? Damage(body, random) : body;
    }

    private static (string Framing, byte[] Body) Frame(byte[] body, ApiOperation operation, SeededRandom random, bool isSpiced)
    {
        string type = operation.BodyType is null ? string.Empty : $"Content-Type: {operation.BodyType}\r\n";
        string length = body.Length.ToString(CultureInfo.InvariantCulture);
        if (body.Length == 0 && operation.BodyType is null) return (operation.Method == "POST" ? "Content-Length: 0\r\n" : string.Empty, body);
        return (isSpiced ? random.NextInt32(24) : 23) switch
        {
            0 => ($"{type}Content-Length: {body.Length + 1 + random.NextInt32(50)}\r\n", body),
            1 => ($"{type}Content-Length: {Math.Max(0, body.Length - 1)}\r\n", body),
            2 => ($"{type}Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n", Chunked(body, random)),
            3 => ($"{type}Transfer-Encoding: chunked\r\n", Damage(Chunked(body, random), random)),
            4 => ($"{type}Content-Length: {Pick(Spices.Texts, random)}\r\n", body),
            5 => ($"{type}Content-Encoding: gzip\r\nContent-Length: {length}\r\n", body),
            6 => (type, body),
            7 => ($"Content-Type: {Pick(Spices.Texts, random)}\r\nContent-Length: {length}\r\n", body),
            8 or 9 or 10 => ($"{type}Transfer-Encoding: chunked\r\n", Chunked(body, random)),
            _ => ($"{type}Content-Length: {length}\r\n", body),
        };
    }

    private static byte[] Chunked(byte[] body, SeededRandom random)
    {
        List<byte> framed = [];
        for (int at = 0; at < body.Length;)
        {
            int size = Math.Min(body.Length - at, 1 + random.NextInt32(body.Length > 10_000 ? 100_000 : 40));
            framed.AddRange(Encoding.ASCII.GetBytes($"{size:x}{(random.NextInt32(10) == 0 ? ";x=\"y\"" : string.Empty)}\r\n"));
            framed.AddRange(body.AsSpan(at, size));
            framed.AddRange("\r\n"u8);
            at += size;
        }

        framed.AddRange(random.NextInt32(10) == 0 ? "0\r\nX-Trailer: y\r\n\r\n"u8 : "0\r\n\r\n"u8);
        return [.. framed];
    }

    private static byte[] Damage(byte[] bytes, SeededRandom random)
    {
        List<byte> damaged = [.. bytes];
        for (int times = 1 + random.NextInt32(3); times > 0; times--)
        {
            int at = random.NextInt32(damaged.Count + 1);
            switch (random.NextInt32(5))
            {
                case 0:
                    damaged.InsertRange(at, Encoding.Latin1.GetBytes(SpiceOf(random)));
                    break;
                case 1 when at < damaged.Count:
                    damaged[at] = (byte)random.NextInt32(256);
                    break;
                case 2:
                    damaged.RemoveRange(at, Math.Min(damaged.Count - at, random.NextInt32(20)));
                    break;
                case 3:
                    damaged.InsertRange(at, damaged.GetRange(at, Math.Min(damaged.Count - at, random.NextInt32(40))));
                    break;
                default:
                    if (random.NextInt32(3) == 0) damaged.RemoveRange(at, damaged.Count - at);
                    break;
            }
        }

        return [.. damaged];
    }

    private static byte[] Noise(SeededRandom random, int length)
    {
        byte[] noise = new byte[length];
        for (int i = 0; i < length; i++) noise[i] = (byte)random.NextInt32(256);
        if (random.NextInt32(2) == 0) "LATENTDB"u8[..Math.Min(8, length)].CopyTo(noise);
        return noise;
    }

    private static ClientEnd EndOf(SeededRandom random) => random.NextInt32(20) switch
    {
        0 => ClientEnd.Resets,
        1 => ClientEnd.Leaves,
        _ => ClientEnd.Listens,
    };

    private static string SpiceOf(SeededRandom random) => random.NextInt32(60) == 0 ? new string((char)('a' + random.NextInt32(26)), 4096) : Pick(Spices.Texts, random);

    private static string Pick(string[] values, SeededRandom random) => values[random.NextInt32(values.Length)];
}

/// <summary>What the client does after it has sent the request.</summary>
internal enum ClientEnd
{
    /// <summary>Ends its half and reads the answer.</summary>
    Listens,

    /// <summary>Closes without reading.</summary>
    Leaves,

    /// <summary>Breaks the connection.</summary>
    Resets,
}

/// <summary>A request to send.</summary>
/// <param name="Index">Its number in its seed.</param>
/// <param name="Operation">What it began as.</param>
/// <param name="IsHead">Its answer has no body.</param>
/// <param name="Bytes">All of it.</param>
/// <param name="End">What its client does then.</param>
internal sealed record ForgedRequest(int Index, ApiOperation Operation, bool IsHead, byte[] Bytes, ClientEnd End)
{
    public override string ToString() => $"{Index}: {Operation.Method} {Operation.Path}: {Encoding.Latin1.GetString(Bytes, 0, Math.Min(Bytes.Length, 1500)).Replace("\r", "\\r", StringComparison.Ordinal)}";
}
