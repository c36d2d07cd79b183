using System.Text;
using LatentDb.ModelHost;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Http;

/// <summary>Hundreds of damaged requests: each gets an answer that the API declares, and the server stays well.</summary>
public sealed class FuzzTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private static readonly int[] Declared = [200, 201, 400, 404, 409, 412, 413, 415, 422, 429, 503, 507];

    private static readonly (string Path, string Body)[] Seeds =
    [
        ("/v1/memories", """{"id":"fuzz-1","metadata":{"a":[1,2,{"b":"c"}]}}"""),
        ("/v1/memories/{id}/inject", """{"text":"Maria lives in Lisbon.","seed":7,"metadata":{"k":"v"}}"""),
        ("/v1/memories/{id}/inject", """{"messages":[{"role":"user","content":"Maria lives in Lisbon."}]}"""),
        ("/v1/memories/{id}/query", """{"prompt":"Maria lives in","max_tokens":4,"temperature":0.5,"top_p":0.9,"top_k":5,"repetition_penalty":1.1,"seed":1,"stop":["."],"at":"1"}"""),
        ("/v1/memories/{id}/query", """{"messages":[{"role":"user","content":"Where does Maria live?"}],"max_tokens":4,"stream":true}"""),
        ("/v1/memories/{id}/rollback", """{"to":1}"""),
        ("/v1/memories/{id}/snapshots", """{"name":"mark","at":"1"}"""),
    ];

    private static readonly string[] Spices =
    [
        "\"", "{", "}", "[", "]", ":", ",", "null", "true", "-1", "1e999", "0.0000001", "NaN", "\\ud800", "\\u0000", "é", "😀", "\\", "\0", "\u007f",
        "99999999999999999999", "\"at\":\"head\",", "\"stream\":true,", "//", "/*", "\ufeff", "\n",
    ];

    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    [InlineData(4UL)]
    public async Task A_mutated_body_never_gets_an_undeclared_answer(ulong seed)
    {
        var random = new SeededRandom(seed);
        string id = await fixture.NewMemoryAsync();
        for (int i = 0; i < 150; i++)
        {
            (string path, string body) = Seeds[random.NextInt32(Seeds.Length)];
            byte[] mutated = Mutate(Encoding.UTF8.GetBytes(body), random);

            Reply reply = await fixture.Silo.SendAsync(HttpMethod.Post, path.Replace("{id}", id, StringComparison.Ordinal), RunningSilo.Bytes(mutated));

            Assert.True(Declared.Contains(reply.Status), $"seed {seed}, request {i}: {reply.Status} for {path} with {Convert.ToHexString(mutated)}: {reply.Text}");
            if (reply.Status >= 400) Assert.Equal("application/problem+json", reply.ContentType);
            Assert.NotEqual(500, reply.Status);
        }

        (await fixture.Silo.GetAsync("/readyz")).Require(200);
    }

    [Theory]
    [InlineData(5UL)]
    [InlineData(6UL)]
    public async Task A_mutated_address_never_gets_an_undeclared_answer(ulong seed)
    {
        var random = new SeededRandom(seed);
        string[] paths = ["/v1/memories?limit=5&cursor=Zg", "/v1/memories/abc/versions?limit=5", "/v1/memories/abc/versions/1", "/v1/memories/abc/snapshots/s", "/openapi/v1.json", "/readyz"];
        int[] declared = [.. Declared, 204, 405];
        for (int i = 0; i < 100; i++)
        {
            byte[] mutated = Mutate(Encoding.ASCII.GetBytes(paths[random.NextInt32(paths.Length)]), random);
            string path = "/" + string.Concat(mutated.Select(b => b is > 0x20 and < 0x7f and not (byte)'#' and not (byte)'\\' ? ((char)b).ToString() : $"%{b:X2}")).TrimStart('/');

            Reply reply = await fixture.Silo.GetAsync(path);

            Assert.True(declared.Contains(reply.Status), $"seed {seed}, request {i}: {reply.Status} for {path}: {reply.Text}");
        }
    }

    private static byte[] Mutate(byte[] body, SeededRandom random)
    {
        List<byte> bytes = [.. body];
        for (int times = 1 + random.NextInt32(4); times > 0; times--)
        {
            int at = random.NextInt32(bytes.Count + 1);
            switch (random.NextInt32(5))
            {
                case 0:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Spices[random.NextInt32(Spices.Length)]));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)random.NextInt32(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.NextInt32(12)));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.Skip(at).Take(random.NextInt32(30)).ToArray());
                    break;
                default:
                    if (random.NextInt32(4) == 0) bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }
}
