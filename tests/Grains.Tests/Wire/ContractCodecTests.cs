using System.Buffers;
using LatentDb.Grains.Contracts;
using LatentDb.Grains.Wire;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.Grains.Tests.Wire;

public sealed class ContractCodecTests
{
    private const int ValuesOfEachType = 200;

    public static TheoryData<Type> Types => [.. ContractCodec.Types.Order(Comparer<Type>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString())))];

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_value_comes_back_with_all_that_it_had(Type type)
    {
        for (int seed = 0; seed < ValuesOfEachType; seed++)
        {
            object value = new RandomContracts(seed).Make(type);
            object? read = ContractCodec.Read(type, Bytes(type, value));
            Assert.True(ContractText.Of(value) == ContractText.Of(read), $"seed {seed}:\n{ContractText.Of(value)}\n{ContractText.Of(read)}");
        }
    }

    [Fact]
    public void Everything_that_a_grain_takes_or_gives_has_a_form_on_the_wire()
    {
        Type[] carried = [typeof(Stream), typeof(CancellationToken), typeof(int)];
        IEnumerable<Type> used = new[] { typeof(IMemoryGrain), typeof(IGrainHost) }.SelectMany(t => t.GetMethods())
            .SelectMany(m => m.GetParameters().Select(p => p.ParameterType).Append(Unwrapped(m.ReturnType)))
            .Select(t => Nullable.GetUnderlyingType(t) ?? t)
            .Where(t => !carried.Contains(t) && t != typeof(Task) && t != typeof(void) && t != typeof(IMemoryGrain));

        Assert.Empty(used.Distinct().Where(t => ContractCodec.DeclaredTypeOf(t) is null).Select(t => t.ToString()));
    }

    [Fact]
    public void A_command_that_is_added_to_the_contracts_is_missed_here()
    {
        IEnumerable<Type> commands = typeof(IMemoryGrain).Assembly.GetExportedTypes()
            .Where(t => t.Namespace == typeof(IMemoryGrain).Namespace && t is { IsClass: true, IsAbstract: false, IsGenericType: false });
        string[] parts = ["InjectItem", "InjectedText"]; // of a command or result that is written
        Assert.Empty(commands.Where(t => ContractCodec.DeclaredTypeOf(t) is null).Select(t => t.Name).Except(parts));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_field_of_a_newer_program_is_passed_over(Type type)
    {
        object value = new RandomContracts(7).Make(type);
        byte[] bytes = Bytes(type, value);
        if (bytes[0] is < 0x82 or >= 0x8f) return; // no map, or one whose single field says which kind it is
        byte[] newer = [(byte)(bytes[0] + 1), .. bytes[1..], 0x7f, 0x93, 1, 2, 0xa1, (byte)'x'];

        Assert.Equal(ContractText.Of(value), ContractText.Of(ContractCodec.Read(type, newer)));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Bytes_that_are_cut_or_changed_are_refused_or_are_another_value_but_never_a_defect(Type type)
    {
        for (int seed = 0; seed < 4; seed++)
        {
            byte[] bytes = Bytes(type, new RandomContracts(seed).Make(type));
            for (int i = 0; i < bytes.Length; i++)
            {
                RequireDamaged(() => ContractCodec.Read(type, bytes.AsSpan(0, i)), mustFail: true);
                byte[] changed = [.. bytes];
                changed[i] ^= (byte)(1 << (seed % 8));
                RequireDamaged(() => ContractCodec.Read(type, changed), mustFail: false);
            }
        }
    }

    [Fact]
    public void Version_0_reaches_the_memory_that_can_say_that_there_is_none() =>
        Assert.Equal(new VersionNumber(0), ContractCodec.Read(typeof(VersionNumber), Bytes(typeof(VersionNumber), new VersionNumber(0))));

    [Fact]
    public void A_list_that_claims_more_items_than_it_may_have_is_refused()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(3);
        writer.WriteInt64(1);
        writer.WriteArrayHeader(InjectBatchCommand.MaxItems + 1);
        for (int i = 0; i < InjectBatchCommand.MaxItems + 10; i++) writer.WriteNil();

        LatentDbException error = Assert.Throws<LatentDbException>(() => ContractCodec.Read(typeof(InjectBatchCommand), buffer.WrittenSpan));

        Assert.Equal(ErrorCode.DataDamaged, error.Code);
        Assert.Contains("at most", error.InnerException!.Message, StringComparison.Ordinal);
    }

    private static byte[] Bytes(Type type, object value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        ContractCodec.Write(buffer, type, value);
        return buffer.WrittenSpan.ToArray();
    }

    private static void RequireDamaged(Func<object?> read, bool mustFail)
    {
        try
        {
            read();
        }
        catch (LatentDbException error)
        {
            Assert.Equal(ErrorCode.DataDamaged, error.Code);
            return;
        }

        Assert.False(mustFail, "A value was read from a part of its bytes.");
    }

    private static Type Unwrapped(Type type)
    {
        bool isWrapped = type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Task<>) || type.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>));
        return isWrapped ? type.GetGenericArguments()[0] : type;
    }
}
