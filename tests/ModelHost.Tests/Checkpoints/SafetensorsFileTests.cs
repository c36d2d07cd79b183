using System.Text.Json.Nodes;
using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Checkpoints.Safetensors;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Checkpoints;

public sealed class SafetensorsFileTests
{
    private const string TwoRows = "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";

    /// <summary>Header text, bytes of data behind it, and what the message must say.</summary>
    public static TheoryData<string, int, string> Malformed => new()
    {
        { "[]", 0, "start with '{'" },
        { "{ ", 0, "not the JSON" },
        { "{}x", 0, "not the JSON" },
        { "{\"a\":1}", 0, "'a' is not an object" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "'a' lacks" },
        { "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "'a' lacks" },
        { "{\"a\":{\"dtype\":\"F31\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "unknown dtype 'F31'" },
        { "{\"a\":{\"dtype\":32,\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "unknown dtype" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}", 8, "a shape that is not an array" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]}}", 8, "at most 8" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, "whole numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.5],\"data_offsets\":[0,8]}}", 8, "whole numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]}}", 8, "whole numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999,99999999999],\"data_offsets\":[0,8]}}", 8, "impossible shape" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "8 bytes; F32 [3] needs 12" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "data_offsets [8, 0]" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,9]}}", 8, "data_offsets [0, 8, 9]" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[9223372036854775807,9223372036854775807]}}", 8, "beyond the end" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"extra\":1}}", 8, "'extra'" },
        { "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "'dtype' twice" },
        { "{\"a\":" + TwoRows + ",\"a\":" + TwoRows + "}", 8, "'a' is there twice" },
        { "{\"a\":" + TwoRows + "}", 4, "cut off" },
        { "{\"a\":" + TwoRows + "}", 9, "1 bytes after the last tensor" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12, "a hole of 4 bytes" },
        { "{\"a\":" + TwoRows + ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12, "'b' overlaps" },
        { "{\"__metadata__\":{\"format\":1}}", 0, "__metadata__" },
        { "{\"__metadata__\":[]}", 0, "__metadata__" },
        { "{\"\\ud800\":" + TwoRows + "}", 8, "not the JSON" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void A_header_that_breaks_a_rule_is_refused_with_the_rule(string header, int dataBytes, string message)
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => Open(SafetensorsBytes.Join(header, new byte[dataBytes]), _ => 0));

        Assert.Equal(ErrorCode.CheckpointInvalid, error.Code);
        Assert.StartsWith("x.safetensors:", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "too few")]
    [InlineData(7, "too few")]
    public void A_file_without_room_for_a_header_is_refused(int bytes, string message)
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => Open(new byte[bytes], _ => 0));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(1000UL)]
    [InlineData(100_000_001UL)]
    [InlineData(ulong.MaxValue)]
    public void A_header_length_out_of_bounds_is_refused(ulong length)
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => Open([.. BitConverter.GetBytes(length), .. "{}"u8], _ => 0));

        Assert.Contains($"claims {length} bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_that_is_not_utf8_is_refused()
    {
        byte[] file = SafetensorsBytes.Join("{\"a\":" + TwoRows + "}", new byte[8]);
        file[10] = 0xFF;

        Assert.Contains("UTF-8", Assert.Throws<LatentDbException>(() => Open(file, _ => 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_refused_by_name()
    {
        using var folder = new TempFolder();

        LatentDbException error = Assert.Throws<LatentDbException>(() => SafetensorsFile.Open(folder.Combine("gone.safetensors")));

        Assert.Equal(ErrorCode.CheckpointInvalid, error.Code);
        Assert.Contains("gone.safetensors", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Blanks_after_the_json_metadata_scalars_and_empty_tensors_are_allowed()
    {
        var header = new JsonObject
        {
            ["__metadata__"] = new JsonObject { ["format"] = "pt" },
            ["scalar"] = SafetensorsBytes.Entry("U8", [], 0, 1),
            ["empty"] = SafetensorsBytes.Entry("F32", [0, 5], 1, 1),
            ["other"] = SafetensorsBytes.Entry("I64", [1], 1, 9),
        };

        string[] names = Open(SafetensorsBytes.Join(header.ToJsonString() + "     ", new byte[9]), file => file.Header.Entries.Select(e => e.Name).ToArray());

        Assert.Equal(["empty", "other", "scalar"], names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Reads_give_the_bytes_of_the_tensor_and_nothing_beyond_it()
    {
        byte[] bytes = SafetensorsBytes.Make([KeyValuePair.Create("a", SafetensorsBytes.Tensor.F32([2], 1, 2)), KeyValuePair.Create("b", SafetensorsBytes.Tensor.F32([1], 3))]);

        Open(bytes, file =>
        {
            SafetensorsEntry a = file.Header.Entries[0];
            byte[] four = new byte[4];
            file.Read(a, 4, four);
            Assert.Equal(2f, BitConverter.ToSingle(four));
            Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(a, 5, four));
            Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(a, -1, four));
            return 0;
        });
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    public void Random_damage_gives_checkpoint_invalid_or_a_file_whose_tensors_can_be_read(ulong seed)
    {
        byte[] good = File.ReadAllBytes(RepositoryFiles.Combine("tests", "Golden", "setA", "memoryllm_uninit_short", "model.safetensors"))[..4000];
        byte[] small = SafetensorsBytes.Make([KeyValuePair.Create("a", SafetensorsBytes.Tensor.F32([2, 2], 1, 2, 3, 4)), KeyValuePair.Create("b", SafetensorsBytes.Tensor.F32([1], 3))]);
        var random = new SeededRandom(seed);
        for (int i = 0; i < 600; i++)
        {
            byte[] bad = [.. i % 4 == 0 ? good : small];
            for (int flips = 1 + random.NextInt32(3); flips > 0; flips--) bad[random.NextInt32(bad.Length)] ^= (byte)(1 << random.NextInt32(8));
            if (i % 7 == 0) bad = bad[..random.NextInt32(bad.Length)];
            OpenDamaged(bad);
        }
    }

    private static void OpenDamaged(byte[] bytes)
    {
        try
        {
            Open(bytes, file =>
            {
                foreach (SafetensorsEntry entry in file.Header.Entries) file.Read(entry, 0, new byte[entry.Bytes]);
                return 0;
            });
        }
        catch (LatentDbException e)
        {
            Assert.Equal(ErrorCode.CheckpointInvalid, e.Code);
        }
    }

    private static T Open<T>(byte[] bytes, Func<SafetensorsFile, T> use)
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.Combine("x.safetensors"), bytes);
        using SafetensorsFile file = SafetensorsFile.Open(folder.Combine("x.safetensors"));
        return use(file);
    }
}
