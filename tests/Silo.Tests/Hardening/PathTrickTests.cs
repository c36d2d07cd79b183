using System.Text.Json;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Hardening;

/// <summary>Hundreds of names that lead elsewhere in some file system, as names of memories and snapshots: refused, or names like any other; never a file.</summary>
public sealed class PathTrickTests
{
    private static readonly string[] Seeds =
    [
        "..", ".", "../x", "..\\x", "/etc/passwd", "\\\\host\\share", "C:\\x", "C:x", "a/../../b", "....//", "..;/", "~root", "a\0b", "a\nb", "a\r\nb", "a\tb", " a", "a ", "CON", "con", "NUL", "nul.txt", "COM1", "LPT9.log", "AUX",
        "a.", "a..", "-a", "_a", ".a", "a:b", "a::$DATA", "a@b", "file:///x", "a%00b", "a%2fb", "\u202egnp", "a\u200bb", "\uff0e\uff0e\uff0f", "\u00e9", "e\u0301", "\u0130", "\ud83d\ude00", "a\u2028b", "a\u0085b", "A", "a", "null", "undefined", "true",
        "head", "HEAD", "0", "1", "00", "__proto__", "constructor", "*", "a*", "?", "<a>", "a|b", "a&b", "$(id)", "`id`", "${id}", "%s%n", "'--", "\"", "a;b", "data", "keyring", "shard-0000", "audit", "access", "tmp",
    ];

    [Fact]
    public async Task A_name_never_becomes_a_path_a_header_or_another_name()
    {
        RunningSilo silo = await RunningSilo.StartAsync(new EchoModelHost());
        await using (silo)
        {
            await silo.CreateAsync("first");
            string[] folders = Folders(silo);
            HashSet<string> taken = new(StringComparer.Ordinal) { "first" };
            foreach (string name in Names())
            {
                Reply created = await silo.PostAsync("/v1/memories", $$"""{"id":{{JsonSerializer.Serialize(name)}}}""");
                Assert.True(created.Status is 201 or 400 || (created.Status == 409 && !taken.Add(name)), $"{name}: {created.Status} {created.Text}");
                if (created.Status == 201)
                {
                    Assert.True(taken.Add(name), $"{name} was made twice");
                    Assert.Equal(name, created.Body.GetProperty("id").GetString());
                    Assert.Equal(name, (await silo.GetAsync(created.Headers.Location!.ToString())).Require(200).Body.GetProperty("id").GetString());
                }

                Reply marked = await silo.PostAsync("/v1/memories/first/snapshots", $$"""{"name":{{JsonSerializer.Serialize(name)}}}""");
                Assert.True(marked.Status is 201 or 400 or 409, $"{name}: {marked.Status} {marked.Text}");
                Reply read = await silo.GetAsync("/v1/memories/" + Uri.EscapeDataString(name));
                Assert.True(read.Status is 200 or 400 or 404 or 414, $"{name[..Math.Min(40, name.Length)]}: {read.Status}");
            }

            Assert.Equal(folders, Folders(silo));
            Assert.All(silo.Logs.Lines, l => Assert.DoesNotContain('\n', l.Message.TrimEnd()));
        }

        silo.Logs.AssertOnly();
    }

    [Theory]
    [InlineData("bob%0d%0a2026-01-01 [INF] all is well")]
    [InlineData("%1b]0;owned%07")]
    [InlineData("%E2%80%AEtxt")]
    public async Task What_is_in_an_address_makes_no_line_of_its_own_in_the_log(string part)
    {
        await using RunningSilo silo = await RunningSilo.StartAsync(new EchoModelHost());

        foreach (string path in new[] { $"/{part}", $"/v1/memories/{part}", $"/v1/memories?cursor={part}", $"/v1/memories/{part}/export", $"/v1/memories/x/snapshots/{part}" })
        {
            foreach (string method in new[] { "GET", "DELETE" })
            {
                string address = path.Replace(" ", "%20", StringComparison.Ordinal);
                await RawConnection.ExchangeAsync(silo.Http.BaseAddress!, $"{method} {address} HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: {part}\r\nX-Request-Id: {part}\r\n\r\n");
            }
        }

        Assert.All(
            silo.Logs.Lines.Where(l => l.Level >= Microsoft.Extensions.Logging.LogLevel.Information || l.Category.StartsWith("LatentDb", StringComparison.Ordinal)),
            l => Assert.DoesNotContain(l.Message.TrimEnd(), c => char.IsControl(c) || c == '\u202e'));
    }

    /// <summary>Each seed as it is, longer, repeated, with something before and behind it, in the other case.</summary>
    private static IEnumerable<string> Names() => Seeds
        .SelectMany(s => new[] { s, s.ToUpperInvariant(), "a" + s, s + "/", s + "\0", string.Concat(Enumerable.Repeat(s, 4096 / s.Length)), string.Concat(Enumerable.Repeat("../", 20)) + s })
        .Append(new string('a', 128)).Append(new string('a', 129));

    /// <summary>Everything in and beside the data folder that is not a file of the log, whose number may grow.</summary>
    private static string[] Folders(RunningSilo silo) =>
        [.. Directory.EnumerateDirectories(silo.Data, "*", SearchOption.AllDirectories).Append(Directory.GetParent(silo.Data)!.FullName).Order(StringComparer.Ordinal)];
}
